-- The databases and users that the tests expect, on MariaDB and on MySQL alike; run at every start, so it changes nothing
-- that is there. canal follows the binlog; app may do everything; reader may only read (no marker table).
CREATE DATABASE IF NOT EXISTS webook CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS webook3 CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS canal@'127.0.0.1' IDENTIFIED BY 'canal';
GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT, SHOW VIEW ON *.* TO canal@'127.0.0.1';
CREATE USER IF NOT EXISTS app@'127.0.0.1' IDENTIFIED BY 'app';
GRANT ALL ON *.* TO app@'127.0.0.1' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS reader@'127.0.0.1' IDENTIFIED BY 'reader';
GRANT SELECT ON *.* TO reader@'127.0.0.1';
