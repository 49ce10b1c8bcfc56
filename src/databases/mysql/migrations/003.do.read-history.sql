-- The latest read of each user and item; read_at is UTC. The indexes end in the primary key: latest_of_user serves pages
-- of a user's reads, oldest what is deleted for its age.
CREATE TABLE IF NOT EXISTS read_history (
  uid BIGINT UNSIGNED NOT NULL,
  biz VARCHAR(64) CHARACTER SET utf8mb4 /*!80017 COLLATE utf8mb4_0900_bin */ /*M! COLLATE utf8mb4_nopad_bin */ NOT NULL,
  biz_id BIGINT UNSIGNED NOT NULL,
  read_at DATETIME(3) NOT NULL,
  PRIMARY KEY (uid, biz, biz_id),
  KEY latest_of_user (uid, read_at),
  KEY oldest (read_at)
) ENGINE = InnoDB
