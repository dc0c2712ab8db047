package dev.shortlist.client;

import dev.shortlist.v1.Event;
import dev.shortlist.v1.WriteEventsRequest;
import java.util.UUID;

/** Gives events their ids before the first attempt, so that no retry writes anything twice. */
final class EventIds {
  private EventIds() {}

  /** Gives each event of {@code request} that has no id a new one, in place, and returns the message. */
  static WriteEventsRequest fill(WriteEventsRequest.Builder request) {
    for (Event.Builder event : request.getEventsBuilderList()) {
      if (event.getEventId().isEmpty()) {
        event.setEventId(UUID.randomUUID().toString());
      }
    }
    return request.build();
  }
}
