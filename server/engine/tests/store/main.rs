//! One story of the store, told on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used)]

mod audit;
mod feed;
mod gates;
mod housekeeping;
mod idempotency;
mod live;
mod log_lines;
mod logs;
mod looking;
mod people;
mod post;
mod queue;
mod records;
mod runs;
mod world;

/// Every chapter as a test on each database.
macro_rules! on_both {
    ($($chapter:ident::$name:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                crate::$chapter::$name(crate::world::Db::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                crate::$chapter::$name(crate::world::Db::postgres()).await;
            })*
        }
    };
}

on_both! {
    people::of_many_first_administrators_there_is_one
    people::a_session_is_kept_changed_and_ended
    people::a_token_names_its_user_until_it_is_revoked
    people::a_token_ends_at_its_time_and_belongs_to_its_project
    people::an_invitation_opens_once
    people::the_last_administrator_stays_one
    people::who_is_shut_out_holds_nothing
    people::what_somebody_queued_does_not_begin_once_they_are_shut_out
    people::somebody_sees_and_ends_their_own_sessions
    people::a_new_password_ends_the_other_sessions
    people::a_membership_is_given_changed_and_taken
    records::a_name_is_taken_once
    records::what_is_used_is_not_deleted
    records::what_does_not_exist_is_not_referred_to
    records::an_environment_keeps_the_order_of_its_servers
    records::a_new_address_loses_the_pinned_key
    records::a_credential_keeps_its_secret_unless_a_new_one_comes
    records::odd_texts_come_back_as_they_were
    records::a_template_is_kept_under_one_name
    records::a_release_and_its_templates_come_together
    records::everything_is_there_after_a_restart
    queue::of_two_starts_one_wins
    queue::a_release_is_claimed_by_one_instance
    queue::one_release_at_a_time_runs_in_an_environment
    queue::the_queue_is_first_come_first_served
    queue::a_page_of_releases_ends_where_the_next_begins
    queue::the_live_release_is_the_one_that_succeeded_last
    gates::nothing_is_claimed_where_it_is_locked
    gates::what_runs_goes_on_under_a_lock
    gates::a_lock_runs_out_by_itself
    gates::no_lock_outlives_its_release
    gates::of_many_locks_one_is_taken
    gates::a_time_is_waited_for_and_keeps_nobody_behind
    gates::nothing_is_claimed_in_a_freeze_without_an_exception
    runs::a_lost_lease_writes_nothing
    runs::a_lease_that_was_given_back_is_claimed_at_once
    runs::a_plan_comes_back_in_its_order
    runs::a_transition_that_there_is_not_changes_nothing
    runs::a_retry_keeps_what_succeeded
    runs::what_has_not_begun_is_canceled_at_once
    runs::what_runs_is_asked_to_stop
    runs::no_node_outlives_its_release
    looking::a_list_is_searched_sorted_and_paged
    looking::releases_are_listed_without_their_hooks
    looking::the_best_is_found_first
    looking::an_overview_is_of_one_moment
    looking::an_overview_says_what_the_servers_have_and_what_is_waited_for
    looking::a_wall_link_is_known_by_its_hash_until_it_is_revoked
    idempotency::of_many_claims_of_one_call_one_holds
    idempotency::a_call_whose_holder_died_is_taken_over_unless_it_changed_something
    idempotency::what_came_to_nothing_or_is_old_is_forgotten
    audit::a_change_and_its_entry_come_together
    audit::an_entry_says_who_what_and_from_where
    audit::whatever_is_done_to_an_entry_is_found_and_named
    audit::a_chain_that_was_written_anew_is_found
    audit::missing_newest_entries_are_found
    audit::many_writers_make_one_chain
    audit::entries_are_looked_through
    post::a_message_is_written_with_what_it_tells
    post::a_message_is_in_one_pair_of_hands
    post::a_delivery_is_taken_once_and_makes_one_release
    post::what_did_not_prove_itself_pushes_nothing_out
    feed::events_are_numbered_in_the_order_of_their_commits
    feed::a_snapshot_and_its_number_are_of_one_moment
    feed::every_topic_hears_its_own
    feed::a_caller_that_goes_away_leaves_nothing_half_done
    feed::another_process_is_heard
    feed::what_is_trimmed_is_named
    housekeeping::the_last_artifacts_of_an_environment_stay
    housekeeping::what_is_live_somewhere_stays
    housekeeping::what_a_release_uses_that_has_not_ended_stays
    housekeeping::a_log_goes_with_its_lines_and_says_so
    housekeeping::a_release_that_is_retried_keeps_its_log_and_has_a_new_one
    housekeeping::the_settings_have_versions
    housekeeping::a_database_says_how_large_it_is
    live::what_is_found_is_held_against_the_history
    live::each_state_of_what_is_live_is_told_once_to_those_who_asked
    live::a_command_is_lost_with_whoever_looked_after_it
    logs::an_offset_is_counted_in_bytes
    logs::any_bytes_of_text_come_back
    logs::a_long_log_is_kept_in_bounded_pieces
    logs::every_attempt_has_its_own_log
    logs::short_text_travels_with_its_event
    log_lines::every_scope_numbers_its_lines
    log_lines::lines_keep_their_numbers_whatever_the_pieces
    log_lines::a_text_is_found_over_the_edges_of_chunks
    log_lines::a_search_goes_on_where_it_stopped
    log_lines::the_first_error_is_that_of_the_failed_step
    log_lines::what_is_older_than_the_index_is_indexed_when_asked_for
}
