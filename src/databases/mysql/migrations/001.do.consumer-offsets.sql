-- Up to where each consumer group has written what it read of a partition, and who may go on: the epoch of the last to
-- take the partition. Written in one transaction with what was read.
CREATE TABLE IF NOT EXISTS consumer_offsets (
  consumer_group VARCHAR(255) CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */ NOT NULL,
  topic VARCHAR(249) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  partition_id INT UNSIGNED NOT NULL,
  next_offset BIGINT UNSIGNED NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  updated_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (consumer_group, topic, partition_id)
) ENGINE = InnoDB
