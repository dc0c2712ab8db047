package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.shortlist.v1.RecommendRequest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** A client outlives its server. */
class RestartTest {
  private static final RecommendRequest REQUEST = RecommendRequest.newBuilder().setUserId("java-1").setCount(2).build();

  @Test
  void callsWaitForAServerThatRestarts() throws IOException {
    String address = Servers.variable("SHORTLIST_TEST_RESTART_ADDRESS");
    try (var client = ShortlistClient.builder(address).waitForReady(true).timeout(Servers.PATIENCE).build()) {
      assertEquals(2, client.recommend(REQUEST).getItemsCount());
      assertEquals("stopped", control("restart"));
      assertEquals(2, client.recommend(REQUEST).getItemsCount());
      assertEquals("serving", control("wait"));
      assertEquals(2, client.recommend(REQUEST).getItemsCount());
    }
  }

  /** Sends one line to whoever restarts the server, and returns the answer. */
  private static String control(String command) throws IOException {
    String[] address = Servers.variable("SHORTLIST_TEST_RESTART_CONTROL").split(":");
    try (var socket = new Socket(address[0], Integer.parseInt(address[1]));
        var answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
      socket.getOutputStream().write((command + "\n").getBytes(StandardCharsets.UTF_8));
      return answers.readLine();
    }
  }
}
