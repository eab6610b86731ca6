//! The methods of `InteropService` as the Kitex server has them, as far as Volo tells its handlers.

use std::collections::HashMap;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use metainfo::{Forward, METAINFO};
use pilota::{AHashMap, Bytes, FastStr};
use tokio::net::TcpListener;
use volo_thrift::{ApplicationException, ApplicationExceptionKind, MaybeException, ServerError};

use crate::interop::*;

pub async fn run() -> bool {
    // Whoever started it is gone when its standard input ends.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("its address");
    println!("LISTENING {address}");
    let handler = Handler::default();
    let incoming = volo::net::incoming::DefaultIncoming::from(listener);
    InteropServiceServer::new(handler).run(incoming).await.is_err()
}

#[derive(Default)]
struct Handler {
    fired: Mutex<HashMap<FastStr, i64>>,
}

fn exception(kind: i32, text: &str) -> ServerError {
    ApplicationException::new(ApplicationExceptionKind::from(kind), text.to_owned()).into()
}

impl InteropService for Handler {
    async fn echo(&self, r: Rich) -> Result<Rich, ServerError> {
        Ok(r)
    }

    async fn void(&self, _: FastStr) -> Result<(), ServerError> {
        Ok(())
    }

    async fn empty_struct(&self, e: Empty) -> Result<Empty, ServerError> {
        Ok(e)
    }

    async fn text(&self, s: FastStr) -> Result<FastStr, ServerError> {
        Ok(s)
    }

    async fn blob(&self, b: Bytes) -> Result<Bytes, ServerError> {
        Ok(b)
    }

    async fn throws(
        &self,
        s: FastStr,
    ) -> Result<MaybeException<FastStr, InteropServiceThrowsException>, ServerError> {
        let mut detail = AHashMap::new();
        detail.insert("declared".into(), "yes".into());
        Ok(MaybeException::Exception(InteropServiceThrowsException::E(
            DeclaredException {
                code: Some(42),
                message: Some(s),
                detail: Some(detail),
                ..Default::default()
            },
        )))
    }

    async fn fail(&self, kind: FastStr) -> Result<FastStr, ServerError> {
        Err(match kind.as_str() {
            "typed" => exception(4711, "typed failure [biz error]"),
            other => exception(6, &format!("biz error: {other} failure")),
        })
    }

    async fn inspect(&self, _: FastStr) -> Result<Seen, ServerError> {
        let all = |prefix: Option<&AHashMap<FastStr, FastStr>>| prefix.cloned();
        Ok(METAINFO.with(|info| {
            let info = info.borrow();
            Seen {
                persistent: all(info.get_all_persistents()),
                transient: all(info.get_all_transients()),
                ..Default::default()
            }
        }))
    }

    async fn sleep(&self, millis: i32) -> Result<FastStr, ServerError> {
        tokio::time::sleep(Duration::from_millis(millis.max(0) as u64)).await;
        Ok("slept".into())
    }

    async fn fire(&self, key: FastStr) -> Result<(), ServerError> {
        *self.fired.lock().expect("not poisoned").entry(key).or_default() += 1;
        Ok(())
    }

    async fn fired(&self, key: FastStr) -> Result<i64, ServerError> {
        Ok(self.fired.lock().expect("not poisoned").get(&key).copied().unwrap_or(0))
    }
}
