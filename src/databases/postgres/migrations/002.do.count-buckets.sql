-- Events an item and hour or day. bucket_start: when it begins in the counter's time zone.
CREATE TABLE count_buckets (
  counter varchar(128) COLLATE "C" NOT NULL,
  unit varchar(8) COLLATE "C" NOT NULL,
  bucket_start timestamptz NOT NULL,
  biz varchar(64) COLLATE "C" NOT NULL,
  biz_id numeric(20, 0) NOT NULL,
  events bigint NOT NULL,
  PRIMARY KEY (counter, unit, bucket_start, biz, biz_id)
) WITH (fillfactor = 80);
