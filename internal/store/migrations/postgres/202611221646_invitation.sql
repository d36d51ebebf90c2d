-- +goose Up
-- round counts the links there have been: the secret of each is made from the id
-- and the round, and 0 is one that was drawn at random. Times are 0 for never.
alter table invitation add column round bigint not null default 0;
alter table invitation add column mailed boolean not null default false;
alter table invitation add column sent_at bigint not null default 0;
alter table invitation add column reminded_at bigint not null default 0;

-- +goose Down
alter table invitation drop column reminded_at;
alter table invitation drop column sent_at;
alter table invitation drop column mailed;
alter table invitation drop column round;
