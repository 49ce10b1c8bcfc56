import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.DatabaseTableMeta;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.TableMetaTSDB;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.TableMetaTSDBFactory;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.dao.MetaHistoryDAO;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.dao.MetaHistoryDO;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.dao.MetaSnapshotDAO;
import com.alibaba.otter.canal.parse.inbound.mysql.tsdb.dao.MetaSnapshotDO;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The history of table definitions that Canal needs to read old row events, in memory instead of its H2 file: enough for
 * one run of a test stack. A restarted Canal reads the tables as they are then, so a rewind over a DDL needs a Canal that
 * has not been restarted since that DDL.
 */
class MemoryTableHistory implements TableMetaTSDBFactory {
  public TableMetaTSDB build(String destination, String springXml) {
    DatabaseTableMeta meta = new DatabaseTableMeta();
    meta.setMetaHistoryDAO(new History());
    meta.setMetaSnapshotDAO(new Snapshots());
    return meta;
  }

  public void destory(String destination) {}

  static class History extends MetaHistoryDAO {
    final List<MetaHistoryDO> rows = new ArrayList<>();

    public synchronized Long insert(MetaHistoryDO row) {
      row.setId(rows.size() + 1L);
      rows.add(row);
      return row.getId();
    }

    public synchronized List<MetaHistoryDO> findByTimestamp(String destination, Long from, Long to) {
      long first = from == null ? 0 : from;
      List<MetaHistoryDO> found = new ArrayList<>();
      for (MetaHistoryDO row : rows)
        if (row.getBinlogTimestamp() >= first && row.getBinlogTimestamp() <= to) found.add(row);
      found.sort(Comparator.comparing(MetaHistoryDO::getBinlogTimestamp).thenComparing(MetaHistoryDO::getId));
      return found;
    }

    public synchronized Integer deleteByName(String destination) {
      int count = rows.size();
      rows.clear();
      return count;
    }

    public synchronized Integer deleteByTimestamp(String destination, int interval) {
      return 0;
    }
  }

  static class Snapshots extends MetaSnapshotDAO {
    final List<MetaSnapshotDO> rows = new ArrayList<>();

    public synchronized Long insert(MetaSnapshotDO row) {
      row.setId(rows.size() + 1L);
      rows.add(row);
      return row.getId();
    }

    public synchronized Long update(MetaSnapshotDO row) {
      rows.removeIf(other -> other.getBinlogTimestamp() == 0);
      return insert(row);
    }

    public synchronized MetaSnapshotDO findByTimestamp(String destination, Long before) {
      long end = before == null ? 0 : before;
      MetaSnapshotDO newest = null;
      for (MetaSnapshotDO row : rows)
        if (row.getBinlogTimestamp() < end
            && (newest == null || row.getBinlogTimestamp() >= newest.getBinlogTimestamp())) newest = row;
      return newest;
    }

    public synchronized Integer deleteByName(String destination) {
      int count = rows.size();
      rows.clear();
      return count;
    }

    public synchronized Integer deleteByTimestamp(String destination, int interval) {
      return 0;
    }
  }
}
