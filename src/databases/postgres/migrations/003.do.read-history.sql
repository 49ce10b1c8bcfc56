-- Each user's latest read of an item: personal data.
CREATE TABLE read_history (
  uid numeric(20, 0) NOT NULL,
  biz varchar(64) COLLATE "C" NOT NULL,
  biz_id numeric(20, 0) NOT NULL,
  read_at timestamptz NOT NULL,
  PRIMARY KEY (uid, biz, biz_id)
);
-- A user's pages, latest first.
CREATE INDEX read_history_latest ON read_history (uid, read_at, biz, biz_id);
-- What is older than the retention.
CREATE INDEX read_history_age ON read_history (read_at);
