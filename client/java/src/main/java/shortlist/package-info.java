/**
 * Java client of Shortlist, the two-stage recommender over gRPC.
 *
 * <p>{@link shortlist.ShortlistClient} blocks, {@link shortlist.AsyncShortlistClient} answers with futures; both send and
 * answer the messages of the API, {@code shortlist.v1}, where the limits stand in the comment of each field.
 */
package shortlist;
