import com.alibaba.otter.canal.connector.core.spi.CanalMQProducer;
import com.alibaba.otter.canal.connector.core.spi.ExtensionLoader;
import com.alibaba.otter.canal.connector.core.spi.ProxyCanalMQProducer;
import com.alibaba.otter.canal.instance.core.CanalInstance;
import com.alibaba.otter.canal.server.CanalMQStarter;
import com.alibaba.otter.canal.server.embedded.CanalServerWithEmbedded;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.slf4j.MDC;

/**
 * Runs the Canal 1.1.7 server from the jars on Maven Central, which has no canal.deployer of that version: the same steps
 * as the deployer's CanalStarter, the same property names. Opens no port. Usage: CanalRun CONF_DIRECTORY
 */
public class CanalRun {
  public static void main(String[] args) throws Exception {
    File directory = new File(args[0]).getAbsoluteFile();
    Settings settings = new Settings(new File(directory, "canal.properties"));
    CanalMQProducer producer =
        new ProxyCanalMQProducer(
            ExtensionLoader.getExtensionLoader(CanalMQProducer.class)
                .getExtension(settings.text("canal.serverMode", "kafka").toLowerCase(), "/plugin", "/canal/plugin"));
    producer.init(settings.properties);
    System.setProperty("canal.withoutNetty", "true");
    // The stock starter's own step: flat messages are built from parsed entries.
    if (producer.getMqProperties().isFlatMessage()) System.setProperty("canal.instance.memory.rawEntry", "false");

    CanalServerWithEmbedded server = CanalServerWithEmbedded.instance();
    server.setCanalInstanceGenerator(name -> instance(directory, name));
    String destinations = settings.text("canal.destinations", "");
    try {
      server.start();
      for (String name : destinations.split(",")) {
        MDC.put("destination", name);
        server.start(name);
        MDC.remove("destination");
      }
    } catch (Throwable fault) {
      fault.printStackTrace();
      System.exit(1);
    }
    new CanalMQStarter(producer).start(destinations);
    Runtime.getRuntime().addShutdownHook(new Thread(server::stop));
    System.out.println("CANAL READY " + destinations);
    Thread.currentThread().join();
  }

  private static CanalInstance instance(File directory, String name) {
    try {
      return new Destination(directory, name).instance();
    } catch (IOException fault) {
      throw new UncheckedIOException(fault);
    }
  }
}
