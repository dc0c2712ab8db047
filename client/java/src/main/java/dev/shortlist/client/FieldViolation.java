package dev.shortlist.client;

/**
 * One field of the request that breaks its rule.
 *
 * @param field the path of the field, such as {@code count} or {@code queries[3].context_events[0].value}
 * @param description what is wrong with it
 */
public record FieldViolation(String field, String description) {}
