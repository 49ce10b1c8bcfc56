import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;

/**
 * Creates the topics that are missing: Canal writes to explicit partition numbers, so they must exist before it starts.
 * Usage: MkTopics BROKERS FILE, one "name partitions" a line.
 */
public class MkTopics {
  public static void main(String[] args) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) args[0]))) {
      Set<String> present = admin.listTopics().names().get();
      List<NewTopic> missing = new ArrayList<>();
      for (String line : Files.readAllLines(Path.of(args[1]))) {
        String[] field = line.trim().split("\\s+");
        if (field.length == 2 && !present.contains(field[0]))
          missing.add(new NewTopic(field[0], Integer.parseInt(field[1]), (short) 1));
      }
      admin.createTopics(missing).all().get();
    }
  }
}
