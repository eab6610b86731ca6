//! Calls a client of Volo makes, and what they must bring.

use std::cell::RefCell;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use metainfo::{Forward, MetaInfo, METAINFO};
use pilota::Bytes;
use volo_thrift::codec::default::DefaultMakeCodec;
use volo_thrift::{ClientError, MaybeException};

use crate::interop::*;

type Verdict = Result<(), String>;

fn equal<T: PartialEq + std::fmt::Debug>(actual: T, expected: T) -> Verdict {
    if actual == expected {
        return Ok(());
    }
    let mut text = format!("{actual:?} instead of {expected:?}");
    text.truncate(500);
    Err(text)
}

fn text<T>(result: Result<T, ClientError>) -> Result<T, String> {
    result.map_err(|e| e.to_string())
}

/// Counts the cases that failed.
struct Cases(usize);

impl Cases {
    async fn case(&mut self, name: &str, run: impl Future<Output = Verdict>) {
        match run.await {
            Ok(()) => println!("ok {name}"),
            Err(why) => {
                self.0 += 1;
                println!("FAILED {name}: {why}");
            }
        }
    }
}

pub async fn run(address: &str, codec: &str) -> bool {
    let address: SocketAddr = address.parse().expect("ADDRESS is host:port");
    let builder = InteropServiceClientBuilder::new("InteropService")
        .address(address)
        .caller_name("volo.caller")
        .rpc_timeout(Some(Duration::from_secs(10)));
    let mut cases = Cases(0);
    let client = match codec {
        "framed" => builder.make_codec(DefaultMakeCodec::framed()).build(),
        "buffered" => builder.make_codec(DefaultMakeCodec::buffered()).build(),
        _ => builder.make_codec(DefaultMakeCodec::ttheader_framed()).build(),
    };
    messages(&mut cases, &client).await;
    if codec.starts_with("ttheader") {
        metadata(&mut cases, &client).await;
    }
    cases.0 > 0
}

async fn messages(cases: &mut Cases, client: &InteropServiceClient) {
    cases
        .case("text", async { equal(text(client.text("é 業務".into()).await)?.as_str(), "é 業務") })
        .await;
    cases.case("void", async { text(client.void("x".into()).await) }).await;
    cases
        .case("empty", async { text(client.empty_struct(Empty::default()).await).map(|_| ()) })
        .await;
    for size in [0usize, 1, 1 << 20, 8 << 20] {
        let body = Bytes::from((0..size).map(|i| (i * 31) as u8).collect::<Vec<u8>>());
        cases
            .case(&format!("blob of {size} bytes"), async {
                let reply = text(client.blob(body.clone()).await)?;
                if reply == body { Ok(()) } else { Err("the echo differs".to_owned()) }
            })
            .await;
    }
    cases
        .case("declared exception", async {
            match text(client.throws("said".into()).await)? {
                MaybeException::Exception(InteropServiceThrowsException::E(e)) => {
                    equal((e.code, e.message), (Some(42), Some("said".into())))
                }
                MaybeException::Ok(reply) => Err(format!("got {reply}")),
            }
        })
        .await;
    cases
        .case("error with a type of its own", async {
            match client.fail("typed".into()).await {
                Err(ClientError::Application(e)) => equal(
                    (e.kind().as_i32(), e.message().as_str()),
                    (4711, "typed failure [biz error]"),
                ),
                other => Err(format!("got {other:?}")),
            }
        })
        .await;
    let key = format!("volo-{}-{:?}", std::process::id(), std::time::Instant::now());
    cases
        .case("oneway", async {
            text(client.fire(key.clone().into()).await)?;
            for _ in 0..200 {
                if text(client.fired(key.clone().into()).await)? > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            equal(text(client.fired(key.clone().into()).await)?, 1)
        })
        .await;
    cases.case("64 at once", at_once(client)).await;
}

async fn at_once(client: &InteropServiceClient) -> Verdict {
    let mut calls = Vec::new();
    for i in 0..64usize {
        let client = client.clone();
        calls.push(tokio::spawn(async move {
            for n in 0..20usize {
                let sent = format!("{i}.{n} {}", "x".repeat(i * n));
                equal(text(client.text(sent.clone().into()).await)?.to_string(), sent)?;
            }
            Ok::<(), String>(())
        }));
    }
    for call in calls {
        call.await.map_err(|e| e.to_string())??;
    }
    Ok(())
}

async fn metadata(cases: &mut Cases, client: &InteropServiceClient) {
    let mut info = MetaInfo::new();
    info.set_persistent("volo_key", "persistent é");
    cases
        .case(
            "persistent metadata",
            METAINFO.scope(RefCell::new(info), async {
                let seen = text(client.inspect("x".into()).await)?;
                let values = seen.persistent.unwrap_or_default();
                let value = values.iter().find(|(key, _)| key.eq_ignore_ascii_case("volo_key"));
                equal(value.map(|(_, value)| value.as_str()), Some("persistent é"))
            }),
        )
        .await;
    cases
        .case("business status", async {
            match client.fail("biz".into()).await {
                Err(ClientError::Biz(e)) => {
                    equal((e.status_code, e.status_message.as_str()), (7001, "業務エラー é"))?;
                    let extra = e.extra.unwrap_or_default();
                    equal(extra.get("reason").map(|v| v.as_str()), Some("quota"))
                }
                other => Err(format!("got {other:?}")),
            }
        })
        .await;
}
