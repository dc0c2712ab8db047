package dev.shortlist.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README names this artifact, and its examples run as they stand. */
class ReadmeTest {
  private static final Pattern COORDINATES = Pattern.compile("<dependency>\n(.*?)</dependency>", Pattern.DOTALL);
  private static final Pattern EXAMPLE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path folder;

  @Test
  void theDependencyIsThisArtifact() throws IOException {
    var coordinates = COORDINATES.matcher(readme());
    assertTrue(coordinates.find());
    assertTrue(Files.readString(Path.of("pom.xml")).contains(coordinates.group(1)), coordinates.group(1));
  }

  @Test
  void quickstartPrintsARankedList() throws Exception {
    List<String> lines = run(0).lines().toList();
    assertEquals(10, lines.size(), lines.toString());
    assertTrue(lines.get(0).matches("\\S+  \\d.*: .+"), lines.get(0));
  }

  @Test
  void eventsAreWritten() throws Exception {
    assertEquals("1 written\n", run(1));
  }

  @Test
  void conditionsAreATree() throws Exception {
    assertEquals("2 conditions\n", run(2));
  }

  @Test
  void streamsAreAnswered() throws Exception {
    assertEquals("u000842 20 items\nu000843 20 items\n", run(3));
  }

  private static String readme() throws IOException {
    return Files.readString(Path.of("README.md"));
  }

  /** What an example prints; one without a class is the body of a program. */
  private String run(int example) throws IOException, InterruptedException {
    String address = Servers.variable("SHORTLIST_TEST_ADDRESS");
    List<String> examples = EXAMPLE.matcher(readme()).results().map((MatchResult m) -> m.group(1)).toList();
    String code = examples.get(example).replace("127.0.0.1:50051", address);
    if (!code.contains("class ")) {
      var lines = code.lines().collect(Collectors.partitioningBy(line -> line.startsWith("import ")));
      String body = String.join("\n", lines.get(false));
      code = String.join("\n", lines.get(true)) + "\nclass Program { public static void main(String[] args) {" + body + "}}";
    }
    Path file = Files.writeString(folder.resolve("Quickstart.java"), code);
    Process program =
        new ProcessBuilder("java", "-cp", System.getProperty("java.class.path"), file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(program.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, program.waitFor(), output);
    return output;
  }
}
