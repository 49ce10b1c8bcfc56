-- The example database: one table with its board's rows, the index that board queries want, and two users.
-- docker-compose.yml runs it once, in an empty MySQL.

CREATE DATABASE IF NOT EXISTS webook CHARACTER SET utf8mb4;
USE webook;

-- An InnoDB secondary index ends in the primary key, so this one gives "like_cnt DESC, id DESC" without sorting.
CREATE TABLE IF NOT EXISTS interactives (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  biz_id BIGINT NOT NULL,
  biz VARCHAR(128) NOT NULL,
  read_cnt BIGINT NOT NULL DEFAULT 0,
  like_cnt BIGINT NOT NULL DEFAULT 0,
  collect_cnt BIGINT NOT NULL DEFAULT 0,
  ctime BIGINT NOT NULL DEFAULT 0,
  utime BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY biz_and_id (biz, biz_id),
  KEY like_cnt (like_cnt)
);

INSERT IGNORE INTO interactives (id, biz_id, biz, read_cnt, like_cnt) VALUES
  (78, 11, 'et', 0, 450), (58, 7, 'wq3', 0, 290), (20, 4, 'c', 0, 108), (60, 7, 'rt', 0, 98), (72, 8, 'et', 0, 80),
  (56, 7, 'wq2', 0, 80), (62, 7, 'ry', 0, 79), (64, 7, 'ry2', 0, 55), (68, 8, 'a', 0, 54), (70, 8, 'b', 0, 53),
  (30, 5, 'c', 0, 40), (31, 6, 'c', 0, 21), (32, 7, 'c', 0, 8), (33, 8, 'c', 0, 1);

-- Canal reads as a replica does; SELECT is for the column names of the tables it follows.
CREATE USER IF NOT EXISTS canal@'%' IDENTIFIED BY 'canal';
GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO canal@'%';

-- ranktide reads the table and writes one thing: a marker row, by which it knows how far the feed has come.
CREATE USER IF NOT EXISTS ranktide@'%' IDENTIFIED BY 'ranktide';
GRANT SELECT ON webook.* TO ranktide@'%';
GRANT CREATE, INSERT, UPDATE ON webook.ranktide_marker TO ranktide@'%';
