package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.ErrorDetailsProto;
import dev.shortlist.v1.BatchRecommendRequest;
import dev.shortlist.v1.DeleteItemsRequest;
import dev.shortlist.v1.DeleteUserRequest;
import dev.shortlist.v1.ExportUserRequest;
import dev.shortlist.v1.GetItemRequest;
import dev.shortlist.v1.GetUserRequest;
import dev.shortlist.v1.ListItemsRequest;
import dev.shortlist.v1.RankRequest;
import dev.shortlist.v1.RecommendRequest;
import dev.shortlist.v1.RetrieveRequest;
import dev.shortlist.v1.SimilarItemsRequest;
import dev.shortlist.v1.StreamRecommendRequest;
import dev.shortlist.v1.StreamRecommendResponse;
import dev.shortlist.v1.UpsertItemsRequest;
import dev.shortlist.v1.UpsertUsersRequest;
import dev.shortlist.v1.WriteEventsRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The vectors that every language's client satisfies: bytes of messages, and answers of a real server. */
class VectorsTest {
  private static final JsonFormat.Parser JSON =
      JsonFormat.parser()
          .usingTypeRegistry(
              TypeRegistry.newBuilder().add(ErrorDetailsProto.getDescriptor().getMessageTypes()).build());

  @TestFactory
  Stream<DynamicTest> messages() throws IOException {
    return vectors("messages", this::message);
  }

  @TestFactory
  Stream<DynamicTest> calls() throws IOException {
    Servers.variable("SHORTLIST_TEST_VECTORS_ADDRESS");
    return vectors("calls", this::call);
  }

  private void message(JsonObject vector) throws IOException {
    Message message = parse(vector.get("type").getAsString(), vector.get("json"));
    byte[] wire = Base64.getDecoder().decode(vector.get("wire").getAsString());
    assertArrayEquals(wire, message.toByteArray());
    assertEquals(message, message.getParserForType().parseFrom(wire));
  }

  private void call(JsonObject vector) throws IOException {
    String method = vector.get("method").getAsString();
    JsonObject error = vector.getAsJsonObject("error");
    try (ShortlistClient client = Servers.connect("SHORTLIST_TEST_VECTORS_ADDRESS")) {
      if (error == null) {
        assertEquals(all(method + "Response", vector.get("answer")), ask(client, method, vector.get("request")));
      } else {
        var failure = assertThrows(ShortlistException.class, () -> ask(client, method, vector.get("request")));
        assertError(error, failure);
      }
    }
  }

  private static void assertError(JsonObject error, ShortlistException failure) {
    assertEquals(error.get("code").getAsString(), failure.getCode().name());
    assertEquals(error.get("reason").getAsString(), failure.getReason());
    if (error.has("fields")) {
      var fields = error.getAsJsonArray("fields").asList().stream().map(JsonElement::getAsString).toList();
      assertEquals(fields, failure.getViolations().stream().map(FieldViolation::field).sorted().toList());
    }
    if (error.has("metadata")) {
      Map<String, String> metadata = new TreeMap<>();
      error.getAsJsonObject("metadata").asMap().forEach((key, value) -> metadata.put(key, value.getAsString()));
      assertEquals(metadata, failure.getMetadata());
    }
  }

  /** The answers to a call through the client: one, but for a stream. */
  private static List<? extends Message> ask(ShortlistClient client, String method, JsonElement json)
      throws IOException {
    List<Message> requests = all(method + "Request", json);
    if (method.equals("StreamRecommend")) {
      var messages = requests.stream().map(StreamRecommendRequest.class::cast);
      try (Stream<StreamRecommendResponse> answers = client.streamRecommend(messages::iterator)) {
        return answers.toList();
      }
    }
    Message request = requests.get(0);
    return switch (method) {
      case "Recommend" -> List.of(client.recommend((RecommendRequest) request));
      case "BatchRecommend" -> List.of(client.batchRecommend((BatchRecommendRequest) request));
      case "Retrieve" -> List.of(client.retrieve((RetrieveRequest) request));
      case "Rank" -> List.of(client.rank((RankRequest) request));
      case "SimilarItems" -> List.of(client.similarItems((SimilarItemsRequest) request));
      case "WriteEvents" -> List.of(client.writeEvents((WriteEventsRequest) request));
      case "UpsertItems" -> List.of(client.upsertItems((UpsertItemsRequest) request));
      case "DeleteItems" -> List.of(client.deleteItems((DeleteItemsRequest) request));
      case "GetItem" -> List.of(client.getItem((GetItemRequest) request));
      case "ListItems" -> List.of(client.listItems((ListItemsRequest) request));
      case "UpsertUsers" -> List.of(client.upsertUsers((UpsertUsersRequest) request));
      case "GetUser" -> List.of(client.getUser((GetUserRequest) request));
      case "ExportUser" -> List.of(client.exportUser((ExportUserRequest) request));
      case "DeleteUser" -> List.of(client.deleteUser((DeleteUserRequest) request));
      default -> throw new IllegalArgumentException(method);
    };
  }

  private static List<Message> all(String type, JsonElement json) throws IOException {
    List<Message> messages = new ArrayList<>();
    for (JsonElement one : json.isJsonArray() ? json.getAsJsonArray() : List.of(json)) {
      messages.add(parse("shortlist.v1." + type, one));
    }
    return messages;
  }

  /** A message of the API by its full name; its Java class has that name after `dev.`. */
  private static Message parse(String type, JsonElement json) throws InvalidProtocolBufferException {
    try {
      var builder = (Message.Builder) Class.forName("dev." + type).getMethod("newBuilder").invoke(null);
      JSON.merge(json.toString(), builder);
      return builder.build();
    } catch (ReflectiveOperationException unknown) {
      throw new IllegalArgumentException(type, unknown);
    }
  }

  private static Stream<DynamicTest> vectors(String kind, Check check) throws IOException {
    String path = System.getenv().getOrDefault("SHORTLIST_TEST_VECTORS", "../vectors/vectors.json");
    JsonArray vectors = JsonParser.parseString(Files.readString(Path.of(path))).getAsJsonObject().getAsJsonArray(kind);
    return StreamSupport.stream(vectors.spliterator(), false)
        .map(JsonElement::getAsJsonObject)
        .map(vector -> DynamicTest.dynamicTest(vector.get("name").getAsString(), () -> check.run(vector)));
  }

  private interface Check {
    void run(JsonObject vector) throws IOException;
  }
}
