package shortlist;

import java.util.UUID;
import shortlist.v1.Event;
import shortlist.v1.WriteEventsRequest;

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
