// Contract of the Kitex test peers, Thrift side.
namespace go interop

struct Nested {
    1: required string name
    2: optional list<string> tags
    3: optional map<string, i64> counters
    4: optional Nested inner
}

struct Rich {
    1: string text
    2: binary blob
    3: map<string, string> labels
    4: list<i64> numbers
    5: i64 number
    6: optional Nested nested
}

struct Empty {
}

exception DeclaredException {
    1: i32 code
    2: string message
    3: map<string, string> detail
}

// Everything a server can observe about one call.
struct Seen {
    1: string caller_service
    2: string caller_method
    3: string service
    4: string method
    5: map<string, string> persistent
    6: map<string, string> transient
    7: bool has_rpc_timeout
    8: i64 rpc_timeout_ms
    9: bool has_deadline
    10: i64 deadline_remaining_ms
    11: string remote_addr
    12: string transport
    // User headers: gRPC request headers, one value list per key, joined by a line feed.
    13: map<string, string> headers
}

// What a server handler observed when its stream ended before its time.
struct CancelReport {
    1: bool started
    2: bool observed
    3: string error_text
    4: string context_text
    // Milliseconds between the observation and this report.
    5: i64 age_ms
    // Messages the handler had received and sent by then.
    6: i64 received
    7: i64 sent
}

// How a streaming handler shall behave; sent with the first message of a stream.
struct Plan {
    // Name under which a cancellation is recorded for LastCancel.
    1: string key
    // Messages that a Count handler sends.
    2: i32 count
    // Kind of failure (see Fail), raised after `fail_after` sent messages.
    3: string fail_kind
    4: i32 fail_after
    5: i32 interval_ms
    // Size of the body of each message that Count sends.
    6: i32 body_size
    // Answer the first message with what the server saw.
    7: bool inspect
    // Send response headers and trailers.
    8: bool headers
    // Send this many messages after the peer has half-closed.
    9: i32 after_half_close
}

struct Msg {
    1: i64 seq
    2: string text
    3: binary body
    4: optional Plan plan
    5: optional Seen seen
}

service InteropService {
    Rich Echo(1: Rich r)
    void Void(1: string s)
    Empty EmptyStruct(1: Empty e)
    string Text(1: string s)
    binary Blob(1: binary b)
    string Throws(1: string s) throws (1: DeclaredException e)
    string Fail(1: string kind)
    Seen Inspect(1: string s)
    string Sleep(1: i32 millis)
    oneway void Fire(1: string key)
    // Calls of Fire with this key; all of them if the key is empty, those of Blob for '#blobs', and
    // the streams that are open for '#streams'.
    i64 Fired(1: string key)
}

service InteropStream {
    Msg Echo(1: Msg m) (streaming.mode = "bidirectional")
    Msg Sum(1: Msg m) (streaming.mode = "client")
    Msg Count(1: Msg m) (streaming.mode = "server")
    Msg Ping(1: Msg m)
    CancelReport LastCancel(1: string key)
}
