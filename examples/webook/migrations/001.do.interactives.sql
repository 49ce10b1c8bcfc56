-- What was done with each item, counted. Boards rank its rows; ranktide's read counter adds to read_cnt.
-- An InnoDB secondary index ends in the primary key, so like_cnt serves "like_cnt DESC, id DESC" without sorting.
CREATE TABLE IF NOT EXISTS interactives (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  biz VARCHAR(64) CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */ NOT NULL,
  biz_id BIGINT UNSIGNED NOT NULL,
  read_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0,
  like_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0,
  collect_cnt BIGINT UNSIGNED NOT NULL DEFAULT 0,
  ctime BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'ms since 1970; 0: made by the read counter',
  utime BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'last like or collect, ms since 1970',
  PRIMARY KEY (id),
  UNIQUE KEY biz_and_id (biz, biz_id),
  KEY like_cnt (like_cnt),
  KEY read_cnt (read_cnt)
) ENGINE = InnoDB
