use std::net::{IpAddr, Ipv4Addr};

use launchway_domain::{Actor, Fault, Role, SetupForm, SignInForm};
use secrecy::ExposeSecret;

use crate::world::{SYSTEM, World, at, person};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn kim() -> SetupForm {
    SetupForm { name: "kim".into(), password: "correct horse".into() }
}

fn sign_in(name: &str, password: &str) -> SignInForm {
    SignInForm { name: name.into(), password: password.into() }
}

#[tokio::test]
async fn of_two_first_visitors_one_becomes_the_administrator() {
    let world = World::new().await;
    let accounts = world.services.accounts();
    assert!(accounts.needs_setup().await.unwrap());
    let lee = SetupForm { name: "lee".into(), ..kim() };
    let (one, two) = tokio::join!(accounts.setup(kim(), HERE), accounts.setup(lee, HERE));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let winner = one.or(two).unwrap();
    assert_eq!(winner.role, Role::Admin);
    assert!(!accounts.needs_setup().await.unwrap());
    assert_eq!(accounts.setup(kim(), HERE).await.unwrap_err().status(), 409);
    assert_eq!(accounts.users(&SYSTEM).await.unwrap(), [winner]);
}

#[tokio::test]
async fn a_short_password_stands_at_its_field() {
    let world = World::new().await;
    let form = SetupForm { password: "short".into(), ..kim() };
    let fault = world.services.accounts().setup(form, HERE).await.unwrap_err();
    assert_eq!(at(&fault), ("password", "too_short"));
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_are_answered_alike() {
    let world = World::new().await;
    let accounts = world.services.accounts();
    let user = accounts.setup(kim(), HERE).await.unwrap();
    assert_eq!(accounts.sign_in(sign_in("kim", "correct horse"), HERE).await.unwrap(), user);
    assert_eq!(accounts.sign_in(sign_in(" kim ", "correct horse"), HERE).await.unwrap(), user);
    let wrong_password = accounts.sign_in(sign_in("kim", "wrong horse"), HERE).await.unwrap_err();
    let wrong_name = accounts.sign_in(sign_in("nobody", "correct horse"), HERE).await.unwrap_err();
    assert_eq!(wrong_password, wrong_name);
    assert_eq!(at(&wrong_name), ("password", "wrong"));
}

#[tokio::test]
async fn failures_are_limited_and_successes_are_not() {
    let world = World::new().await;
    let accounts = world.services.accounts();
    accounts.setup(kim(), HERE).await.unwrap();
    for _ in 0..15 {
        accounts.sign_in(sign_in("kim", "correct horse"), HERE).await.unwrap();
    }
    let mut heard = 0;
    let wait = loop {
        match accounts.sign_in(sign_in("kim", "wrong horse"), HERE).await.unwrap_err() {
            Fault::TooMany { retry_after } => break retry_after,
            _ => heard += 1,
        }
        assert!(heard < 30, "never limited");
    };
    assert!(heard >= 10 && wait > 0, "{heard} {wait}");
    // The right password does not tell itself from a wrong one by being heard.
    let right = accounts.sign_in(sign_in("KIM", "correct horse"), HERE).await.unwrap_err();
    assert_eq!(right.status(), 429);
    // Others are not shut out with kim.
    assert_eq!(accounts.sign_in(sign_in("lee", "x"), HERE).await.unwrap_err().status(), 422);
}

#[tokio::test]
async fn one_address_cannot_try_every_name() {
    let world = World::new().await;
    let accounts = world.services.accounts();
    let mut limited = false;
    for n in 0..100 {
        let fault = accounts.sign_in(sign_in(&format!("user{n}"), "x"), HERE).await.unwrap_err();
        limited |= matches!(fault, Fault::TooMany { .. });
    }
    assert!(limited);
    let elsewhere = IpAddr::from([192, 0, 2, 7]);
    assert_eq!(accounts.sign_in(sign_in("kim", "x"), elsewhere).await.unwrap_err().status(), 422);
}

#[tokio::test]
async fn a_token_is_its_users_and_nothing_else_is() {
    let world = World::new().await;
    let accounts = world.services.accounts();
    let user = accounts.create_user(&SYSTEM, kim(), Role::Developer).await.unwrap();
    let token = accounts.create_token(&SYSTEM, "kim", "ci").await.unwrap();
    let text = token.expose_secret().to_owned();
    assert!(text.starts_with("lw_") && text.len() == 3 + 64, "the form of a token");
    assert_eq!(accounts.token_person(token).await.unwrap().user, user);
    for wrong in [text[..66].to_owned(), text.to_uppercase(), String::new()] {
        assert_eq!(accounts.token_person(wrong.into()).await.unwrap_err(), Fault::Unauthenticated);
    }
    assert_eq!(at(&accounts.create_token(&SYSTEM, "nobody", "ci").await.unwrap_err()), ("user", "not_found"));
    assert_eq!(at(&accounts.create_token(&SYSTEM, "kim", " ").await.unwrap_err()), ("name", "required"));
    // The token itself is in no file.
    for file in std::fs::read_dir(world.folder.path().join("data")).unwrap().flatten() {
        if file.file_type().unwrap().is_file() {
            let bytes = std::fs::read(file.path()).unwrap();
            assert!(!bytes.windows(20).any(|w| w == &text.as_bytes()[..20]), "{:?}", file.path());
        }
    }
}

#[tokio::test]
async fn only_administrators_add_people_and_tokens_for_others() {
    let world = World::new().await;
    let accounts = world.services.accounts();
    let user = accounts.create_user(&SYSTEM, kim(), Role::Developer).await.unwrap();
    let lee = SetupForm { name: "lee".into(), ..kim() };
    assert_eq!(accounts.create_user(&person(Role::Manager), lee.clone(), Role::Admin).await.unwrap_err().status(), 403);
    accounts.create_user(&person(Role::Admin), lee, Role::Viewer).await.unwrap();
    let own = Actor::from(user);
    assert!(accounts.create_token(&own, "kim", "mine").await.is_ok());
    assert_eq!(accounts.create_token(&own, "lee", "theirs").await.unwrap_err().status(), 403);
    assert_eq!(at(&accounts.create_user(&SYSTEM, kim(), Role::Viewer).await.unwrap_err()), ("name", "taken"));
}
