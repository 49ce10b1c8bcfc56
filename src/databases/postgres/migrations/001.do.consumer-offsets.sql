-- How far each consumer group has counted, and who may move that. The row is written in every transaction of a batch: room
-- is left on its page for its next version, so that no index has to follow.
CREATE TABLE consumer_offsets (
  consumer_group varchar(255) COLLATE "C" NOT NULL,
  topic varchar(249) COLLATE "C" NOT NULL,
  partition_id integer NOT NULL,
  next_offset bigint NOT NULL,
  epoch bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer_group, topic, partition_id)
) WITH (fillfactor = 25);
