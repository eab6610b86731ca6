package io.sluice.gateway.admin;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import io.vertx.grpc.health.v1.HealthProto;
import io.vertx.grpc.reflection.v1.ServerReflectionProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Files of Protobuf, none of which imports another, and what is defined in them. */
final class ProtoFiles {
  static final String REFLECTION = "grpc.reflection.v1.ServerReflection";
  static final String REFLECTION_ALPHA = "grpc.reflection.v1alpha.ServerReflection";
  private static final String REFLECTION_PACKAGE = "grpc.reflection.v1";
  private static final String ALPHA_PACKAGE = "grpc.reflection.v1alpha";

  private final Map<String, ByteString> byName = new HashMap<>();
  private final Map<String, ByteString> bySymbol = new HashMap<>();
  private final List<String> services = new ArrayList<>();

  private ProtoFiles() {}

  /** Those of the services here. */
  static ProtoFiles ofTheGateway() {
    ProtoFiles files = new ProtoFiles();
    FileDescriptorProto reflection = ServerReflectionProto.getDescriptor().toProto();
    files.add("grpc/health/v1/health.proto", HealthProto.getDescriptor().toProto());
    files.add("grpc/reflection/v1/reflection.proto", reflection);
    files.add("grpc/reflection/v1alpha/reflection.proto", alpha(reflection));
    return files;
  }

  /** The older version of a file, which differs in the name of its package only. */
  private static FileDescriptorProto alpha(FileDescriptorProto v1) {
    FileDescriptorProto.Builder alpha = v1.toBuilder().setPackage(ALPHA_PACKAGE);
    for (DescriptorProto.Builder message : alpha.getMessageTypeBuilderList()) {
      for (FieldDescriptorProto.Builder field : message.getFieldBuilderList()) {
        if (field.hasTypeName()) {
          field.setTypeName(alpha(field.getTypeName()));
        }
      }
    }
    for (ServiceDescriptorProto.Builder service : alpha.getServiceBuilderList()) {
      for (MethodDescriptorProto.Builder method : service.getMethodBuilderList()) {
        method.setInputType(alpha(method.getInputType()));
        method.setOutputType(alpha(method.getOutputType()));
      }
    }
    return alpha.build();
  }

  private static String alpha(String type) {
    return type.replace("." + REFLECTION_PACKAGE + ".", "." + ALPHA_PACKAGE + ".");
  }

  /** Adds one by the name that all gRPC libraries know it by. */
  private void add(String name, FileDescriptorProto file) {
    // The options are about code that is generated of it.
    ByteString bytes = file.toBuilder().setName(name).clearOptions().build().toByteString();
    byName.put(name, bytes);
    for (ServiceDescriptorProto service : file.getServiceList()) {
      String symbol = file.getPackage() + '.' + service.getName();
      services.add(symbol);
      bySymbol.put(symbol, bytes);
      service.getMethodList().forEach(m -> bySymbol.put(symbol + '.' + m.getName(), bytes));
    }
    add(file.getPackage(), file.getMessageTypeList(), file.getEnumTypeList(), bytes);
  }

  private void add(
      String scope,
      List<DescriptorProto> messages,
      List<EnumDescriptorProto> enums,
      ByteString file) {
    enums.forEach(e -> bySymbol.put(scope + '.' + e.getName(), file));
    for (DescriptorProto message : messages) {
      String symbol = scope + '.' + message.getName();
      bySymbol.put(symbol, file);
      add(symbol, message.getNestedTypeList(), message.getEnumTypeList(), file);
    }
  }

  /** The services that are defined, with their packages. */
  List<String> services() {
    return services;
  }

  /** A file, encoded as {@code FileDescriptorProto}; null if there is none of that name. */
  @Nullable ByteString named(String name) {
    return byName.get(name);
  }

  /** The file that defines a service, method, message or enum; null if none does. */
  @Nullable ByteString with(String symbol) {
    return bySymbol.get(symbol);
  }
}
