/**
 * Java client of Shortlist, the two-stage recommender over gRPC.
 *
 * <p>{@link dev.shortlist.client.ShortlistClient} blocks; {@link dev.shortlist.client.AsyncShortlistClient} answers with
 * futures. Both send and answer the messages of the API, {@code dev.shortlist.v1}; the comment of each field states its
 * limits.
 */
package dev.shortlist.client;
