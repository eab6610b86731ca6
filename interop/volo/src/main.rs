//! A Volo server and client of `InteropService`: a second implementation of TTHeader.
//!
//!     volo-peer server                        prints LISTENING host:port
//!     volo-peer client ADDRESS CODEC          one line a case: ok NAME, or FAILED NAME: why

mod client;
mod server;

// The generated code is as it is.
#[allow(warnings)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/interop.rs"));
}

pub use generated::interop::interop;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let failed = match words[..] {
        ["server"] => server::run().await,
        ["client", address, codec] => client::run(address, codec).await,
        _ => {
            eprintln!("usage: volo-peer server | volo-peer client ADDRESS CODEC");
            std::process::exit(2);
        }
    };
    std::process::exit(i32::from(failed));
}
