fn main() {
    volo_build::Builder::thrift()
        .add_service("../kitex/idl/interop.thrift")
        .out_dir(std::env::var("OUT_DIR").expect("cargo sets it"))
        .filename("interop.rs".into())
        .write()
        .expect("code from the IDL");
    println!("cargo:rerun-if-changed=../kitex/idl/interop.thrift");
}
