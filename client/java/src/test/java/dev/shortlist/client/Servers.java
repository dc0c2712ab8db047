package dev.shortlist.client;

import static org.junit.jupiter.api.Assumptions.abort;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The servers that {@code make test-clients} starts; without them a test is skipped, with a line that says so. */
final class Servers {
  /** For calls whose deadline is not what is tested: the machine may be busy. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final Set<String> MISSING = ConcurrentHashMap.newKeySet();

  private Servers() {}

  /** A variable of the harness. */
  static String variable(String name) {
    String value = System.getenv(name);
    if (value == null && MISSING.add(name)) {
      System.out.println("Skipped: " + name + " is not set; make test-clients runs this against real servers.");
    }
    if (value == null) {
      abort(name + " is not set");
    }
    return value;
  }

  /** A patient client of the server without TLS. */
  static ShortlistClient connect() {
    return connect("SHORTLIST_TEST_ADDRESS");
  }

  /** The same of the server whose address a variable has. */
  static ShortlistClient connect(String name) {
    return ShortlistClient.builder(variable(name)).build().withTimeout(PATIENCE);
  }
}
