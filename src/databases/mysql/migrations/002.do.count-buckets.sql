-- Events of an item by hour and by day. bucket_start is UTC: when the hour or day begins in the counter's time zone.
CREATE TABLE IF NOT EXISTS count_buckets (
  counter VARCHAR(128) CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */ NOT NULL,
  unit VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  bucket_start DATETIME NOT NULL,
  biz VARCHAR(64) CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */ NOT NULL,
  biz_id BIGINT UNSIGNED NOT NULL,
  events BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (counter, unit, bucket_start, biz, biz_id)
) ENGINE = InnoDB
