-- Who collects what. Taking back is an update of status, not a delete: when it began stays known.
CREATE TABLE IF NOT EXISTS user_collects (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  uid BIGINT UNSIGNED NOT NULL,
  biz VARCHAR(64) CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */ NOT NULL,
  biz_id BIGINT UNSIGNED NOT NULL,
  status TINYINT UNSIGNED NOT NULL COMMENT '1: collected; 0: taken back',
  ctime BIGINT UNSIGNED NOT NULL COMMENT 'ms since 1970',
  utime BIGINT UNSIGNED NOT NULL COMMENT 'ms since 1970',
  PRIMARY KEY (id),
  UNIQUE KEY uid_biz_and_id (uid, biz, biz_id),
  KEY biz_and_id (biz, biz_id, status)
) ENGINE = InnoDB
