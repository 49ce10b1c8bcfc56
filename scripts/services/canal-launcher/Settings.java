import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Properties;

/** Canal's properties files, later ones over earlier ones; an empty value counts as absent, as in Canal. */
class Settings {
  final Properties properties = new Properties();

  Settings(File... files) throws IOException {
    for (File file : files)
      try (Reader reader = new InputStreamReader(new FileInputStream(file), StandardCharsets.UTF_8)) {
        properties.load(reader);
      }
    for (String key : properties.stringPropertyNames())
      properties.setProperty(key, properties.getProperty(key).trim());
  }

  String text(String key, String absent) {
    String value = System.getProperty(key, properties.getProperty(key));
    return value == null || value.trim().isEmpty() ? absent : value.trim();
  }

  boolean flag(String key, boolean absent) {
    return Boolean.parseBoolean(text(key, Boolean.toString(absent)));
  }

  int number(String key, int absent) {
    return Integer.parseInt(text(key, Integer.toString(absent)));
  }

  Integer numberOrNull(String key) {
    String value = text(key, null);
    return value == null ? null : Integer.valueOf(value);
  }

  Long longOrNull(String key) {
    String value = text(key, null);
    return value == null ? null : Long.valueOf(value);
  }
}
