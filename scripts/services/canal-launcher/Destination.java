import com.alibaba.otter.canal.common.alarm.LogAlarmHandler;
import com.alibaba.otter.canal.filter.aviater.AviaterRegexFilter;
import com.alibaba.otter.canal.instance.core.CanalInstance;
import com.alibaba.otter.canal.instance.core.CanalMQConfig;
import com.alibaba.otter.canal.instance.spring.CanalInstanceWithSpring;
import com.alibaba.otter.canal.meta.FileMixedMetaManager;
import com.alibaba.otter.canal.parse.ha.HeartBeatHAController;
import com.alibaba.otter.canal.parse.inbound.mysql.MysqlEventParser;
import com.alibaba.otter.canal.parse.index.FailbackLogPositionManager;
import com.alibaba.otter.canal.parse.index.MemoryLogPositionManager;
import com.alibaba.otter.canal.parse.index.MetaLogPositionManager;
import com.alibaba.otter.canal.parse.support.AuthenticationInfo;
import com.alibaba.otter.canal.protocol.position.EntryPosition;
import com.alibaba.otter.canal.sink.entry.EntryEventSink;
import com.alibaba.otter.canal.store.memory.MemoryEventStoreWithBuffer;
import com.alibaba.otter.canal.store.model.BatchMode;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;

/** One Canal destination, wired as Canal's file-instance.xml does: same keys, same defaults. */
class Destination {
  final String name;
  final Settings settings;
  final File directory;

  Destination(File directory, String name) throws IOException {
    this.name = name;
    this.directory = directory;
    settings = new Settings(new File(directory, "canal.properties"), new File(directory, name + "/instance.properties"));
  }

  CanalInstance instance() {
    FileMixedMetaManager meta = new FileMixedMetaManager();
    meta.setDataDirByFile(new File(settings.text("canal.file.data.dir", directory.getPath())));
    meta.setPeriod(settings.number("canal.file.flush.period", 1000));

    MemoryEventStoreWithBuffer store = store();
    EntryEventSink sink = new EntryEventSink();
    sink.setEventStore(store);
    sink.setFilterTransactionEntry(settings.flag("canal.instance.filter.transaction.entry", false));

    MysqlEventParser parser = new MysqlEventParser();
    parser.setDestination(name);
    parser.setEventSink(sink);
    parser.setAlarmHandler(new LogAlarmHandler());
    parser.setLogPositionManager(
        new FailbackLogPositionManager(new MemoryLogPositionManager(), new MetaLogPositionManager(meta)));
    connection(parser);
    filters(parser);
    parsing(parser);

    CanalInstanceWithSpring instance = new CanalInstanceWithSpring();
    instance.setDestination(name);
    instance.setAlarmHandler(new LogAlarmHandler());
    instance.setMetaManager(meta);
    instance.setEventStore(store);
    instance.setEventSink(sink);
    instance.setEventParser(parser);
    instance.setMqConfig(topic());
    return instance;
  }

  private MemoryEventStoreWithBuffer store() {
    MemoryEventStoreWithBuffer store = new MemoryEventStoreWithBuffer();
    store.setBufferSize(settings.number("canal.instance.memory.buffer.size", 16384));
    store.setBufferMemUnit(settings.number("canal.instance.memory.buffer.memunit", 1024));
    store.setBatchMode(BatchMode.valueOf(settings.text("canal.instance.memory.batch.mode", "MEMSIZE")));
    store.setDdlIsolation(settings.flag("canal.instance.get.ddl.isolation", false));
    store.setRaw(settings.flag("canal.instance.memory.rawEntry", true));
    return store;
  }

  private void connection(MysqlEventParser parser) {
    HeartBeatHAController health = new HeartBeatHAController();
    health.setDetectingRetryTimes(settings.number("canal.instance.detecting.retry.threshold", 3));
    health.setSwitchEnable(false);
    parser.setHaController(health);
    parser.setDetectingEnable(settings.flag("canal.instance.detecting.enable", false));
    parser.setDetectingSQL(settings.text("canal.instance.detecting.sql", "select 1"));
    parser.setDetectingIntervalInSeconds(settings.number("canal.instance.detecting.interval.time", 3));

    String[] address = settings.text("canal.instance.master.address", "127.0.0.1:3306").split(":");
    parser.setMasterInfo(
        new AuthenticationInfo(
            new InetSocketAddress(address[0], Integer.parseInt(address[1])),
            settings.text("canal.instance.dbUsername", "canal"),
            settings.text("canal.instance.dbPassword", "canal"),
            settings.text("canal.instance.defaultDatabaseName", "")));
    EntryPosition position = new EntryPosition();
    position.setJournalName(settings.text("canal.instance.master.journal.name", ""));
    position.setPosition(settings.longOrNull("canal.instance.master.position"));
    position.setTimestamp(settings.longOrNull("canal.instance.master.timestamp"));
    position.setGtid(settings.text("canal.instance.master.gtid", ""));
    parser.setMasterPosition(position);
    parser.setSlaveId(settings.number("canal.instance.mysql.slaveId", 0));
    parser.setReceiveBufferSize(settings.number("canal.instance.network.receiveBufferSize", 16384));
    parser.setSendBufferSize(settings.number("canal.instance.network.sendBufferSize", 16384));
    parser.setDefaultConnectionTimeoutInSeconds(settings.number("canal.instance.network.soTimeout", 30));
    parser.setConnectionCharset(settings.text("canal.instance.connectionCharset", "UTF-8"));
    parser.setFallbackIntervalInSeconds(settings.number("canal.instance.fallbackIntervalInSeconds", 60));
    parser.setIsGTIDMode(settings.flag("canal.instance.gtidon", false));
    parser.setAutoResetLatestPosMode(settings.flag("canal.auto.reset.latest.pos.mode", false));
  }

  private void filters(MysqlEventParser parser) {
    parser.setEventFilter(new AviaterRegexFilter(settings.text("canal.instance.filter.regex", ".*\\..*")));
    parser.setEventBlackFilter(new AviaterRegexFilter(settings.text("canal.instance.filter.black.regex", ""), false));
    parser.setFieldFilter(settings.text("canal.instance.filter.field", ""));
    parser.setFieldBlackFilter(settings.text("canal.instance.filter.black.field", ""));
    parser.setFilterQueryDml(settings.flag("canal.instance.filter.query.dml", false));
    parser.setFilterQueryDcl(settings.flag("canal.instance.filter.query.dcl", false));
    parser.setFilterQueryDdl(settings.flag("canal.instance.filter.query.ddl", false));
    parser.setUseDruidDdlFilter(settings.flag("canal.instance.filter.druid.ddl", true));
    parser.setFilterDmlInsert(settings.flag("canal.instance.filter.dml.insert", false));
    parser.setFilterDmlUpdate(settings.flag("canal.instance.filter.dml.update", false));
    parser.setFilterDmlDelete(settings.flag("canal.instance.filter.dml.delete", false));
    parser.setFilterRows(settings.flag("canal.instance.filter.rows", false));
    parser.setFilterTableError(settings.flag("canal.instance.filter.table.error", false));
  }

  private void parsing(MysqlEventParser parser) {
    parser.setTransactionSize(settings.number("canal.instance.transaction.size", 1024));
    parser.setSupportBinlogFormats(settings.text("canal.instance.binlog.format", "ROW,STATEMENT,MIXED"));
    parser.setSupportBinlogImages(settings.text("canal.instance.binlog.image", "FULL,MINIMAL,NOBLOB"));
    parser.setParallel(settings.flag("canal.instance.parser.parallel", true));
    Integer threads = settings.numberOrNull("canal.instance.parser.parallelThreadSize");
    if (threads != null) parser.setParallelThreadSize(threads);
    parser.setParallelBufferSize(settings.number("canal.instance.parser.parallelBufferSize", 256));
    boolean history = settings.flag("canal.instance.tsdb.enable", true);
    if (history) {
      parser.setTableMetaTSDBFactory(new MemoryTableHistory());
      // The factory ignores these; the parser wants them set.
      parser.setTsdbSpringXml("memory");
      parser.setTsdbJdbcUrl("memory");
      parser.setTsdbJdbcUserName("none");
      parser.setTsdbJdbcPassword("none");
      parser.setTsdbSnapshotInterval(24);
      parser.setTsdbSnapshotExpire(360);
    }
    parser.setEnableTsdb(history);
  }

  private CanalMQConfig topic() {
    CanalMQConfig mq = new CanalMQConfig();
    mq.setTopic(settings.text("canal.mq.topic", null));
    mq.setDynamicTopic(settings.text("canal.mq.dynamicTopic", null));
    mq.setPartition(settings.numberOrNull("canal.mq.partition"));
    mq.setPartitionsNum(settings.numberOrNull("canal.mq.partitionsNum"));
    mq.setPartitionHash(settings.text("canal.mq.partitionHash", null));
    mq.setDynamicTopicPartitionNum(settings.text("canal.mq.dynamicTopicPartitionNum", null));
    mq.setEnableDynamicQueuePartition(settings.flag("canal.mq.enableDynamicQueuePartition", false));
    return mq;
  }
}
