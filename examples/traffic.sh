#!/usr/bin/env bash
# Likes, unlikes, new articles and deleted ones in webook.interactives, five statements a second, until it is stopped.
# `docker compose run --rm traffic` runs it beside the database of webook.sql. By itself it wants a `mysql` on the PATH:
#   MYSQL_HOST=127.0.0.1 MYSQL_USER=root MYSQL_PWD=root bash examples/traffic.sh
# STATEMENTS: how many (default: no end). PAUSE: seconds between two of them.
set -euo pipefail

: "${MYSQL_HOST:=127.0.0.1}" "${MYSQL_TCP_PORT:=3306}" "${MYSQL_USER:=root}" "${MYSQL_DATABASE:=webook}" "${STATEMENTS:=0}" "${PAUSE:=0.2}"
export MYSQL_HOST MYSQL_TCP_PORT

# A row that is near the top, so that most changes show on the board.
near_the_top='(SELECT id FROM (SELECT id FROM interactives ORDER BY like_cnt DESC, id DESC LIMIT 15) best ORDER BY RAND() LIMIT 1)'

statements() {
  local sent=0 id
  until [ "$STATEMENTS" -gt 0 ] && [ "$sent" -ge "$STATEMENTS" ]; do
    case $((RANDOM % 10)) in
      0) id=$((RANDOM * 32768 + RANDOM)) && echo "INSERT IGNORE INTO interactives (biz_id, biz, like_cnt) VALUES ($id, 'article', $((RANDOM % 200)));" ;;
      1) echo "DELETE FROM interactives WHERE id = $near_the_top AND (SELECT n FROM (SELECT COUNT(*) n FROM interactives) all_rows) > 20;" ;;
      2 | 3 | 4) echo "UPDATE interactives SET like_cnt = GREATEST(0, like_cnt - $((1 + RANDOM % 30))) WHERE id = $near_the_top;" ;;
      *) echo "UPDATE interactives SET like_cnt = like_cnt + $((1 + RANDOM % 30)) WHERE id = $near_the_top;" ;;
    esac
    sent=$((sent + 1))
    sleep "$PAUSE"
  done
}

# Each statement is its own transaction, and is sent as it comes.
statements | mysql --protocol=tcp -h "$MYSQL_HOST" -P "$MYSQL_TCP_PORT" -u "$MYSQL_USER" --unbuffered "$MYSQL_DATABASE"
