package io.sluice.plugins.headerrewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Metadata;
import io.sluice.api.Outcome;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.RpcCall;
import io.sluice.testkit.Request;
import io.sluice.testkit.TestFilters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class HeaderRewriteTest {
  private static final Rewrite NOTHING = new Rewrite(Map.of(), Map.of(), List.of(), Map.of());

  private Call call =
      Request.by(Protocol.GRPC).to("shop.Cart", "Add").from("web").at("10.1.2.3").toCall();

  /** Puts in what a caller sent, which nobody has checked. */
  private void sent(String key, String value) {
    ((RpcCall) call).headers().add(key, value);
  }

  private static List<String> lines(Metadata metadata) {
    List<String> lines = new ArrayList<>();
    metadata.forEach((key, value) -> lines.add(key + ": " + value));
    return lines;
  }

  private static Rewrite set(String key, String value) {
    return new Rewrite(Map.of(key, value), Map.of(), List.of(), Map.of());
  }

  private static Filter filter(
      Rewrite request, Rewrite persistent, Rewrite transients, Rewrite response, Rewrite trailers) {
    return new HeaderRewriteFactory()
        .create(new HeaderRewriteSettings(request, persistent, transients, response, trailers));
  }

  private static Filter filter(Rewrite request) {
    return filter(request, NOTHING, NOTHING, NOTHING, NOTHING);
  }

  private List<String> rewritten(Rewrite request) {
    assertThat(filter(request).onRequest(call)).isSameAs(Step.NEXT);
    return lines(call.metadata());
  }

  private static boolean overrides(Filter filter, String hook, Class<?>... parameters)
      throws NoSuchMethodException {
    return filter.getClass().getMethod(hook, parameters).getDeclaringClass() != Filter.class;
  }

  @Test
  void theFactoryIsFoundAsAService() {
    assertThat(ServiceLoader.load(FilterFactory.class))
        .singleElement()
        .satisfies(factory -> assertThat(factory.name()).isEqualTo("header-rewrite"));
  }

  @Test
  void setReplacesAllValuesAndAddKeepsThem() {
    sent("A", "1");
    sent("a", "2");
    sent("b", "3");
    assertThat(rewritten(new Rewrite(Map.of("a", "x"), Map.of("B", "y"), List.of(), Map.of())))
        .containsExactly("b: 3", "a: x", "b: y");
  }

  @Test
  void removeTakesAllValuesWhateverTheCase() {
    sent("A", "1");
    sent("a", "2");
    sent("b", "3");
    assertThat(rewritten(new Rewrite(Map.of(), Map.of(), List.of("a", "c"), Map.of())))
        .containsExactly("b: 3");
  }

  @Test
  void renameMovesAllValuesOverThoseOfTheNewKey() {
    sent("a", "1");
    sent("a", "2");
    sent("b", "3");
    assertThat(rewritten(new Rewrite(Map.of(), Map.of(), List.of(), Map.of("a", "b", "c", "d"))))
        .containsExactly("b: 1", "b: 2");
  }

  @Test
  void renameMayChangeTheCaseOnly() {
    call = Request.by(Protocol.TTHEADER_FRAMED).toCall();
    sent("x-id", "1");
    assertThat(rewritten(new Rewrite(Map.of(), Map.of(), List.of(), Map.of("X-ID", "X-Id"))))
        .containsExactly("X-Id: 1");
  }

  @Test
  void theOrderIsRenameRemoveSetAdd() {
    sent("old", "1");
    Map<String, String> set = new LinkedHashMap<>();
    set.put("seen", "{meta:new}{meta:old}");
    set.put("again", "{meta:seen}!");
    assertThat(
            rewritten(
                new Rewrite(
                    set, Map.of("set", "{meta:again}?"), List.of("gone"), Map.of("old", "new"))))
        .containsExactly("new: 1", "seen: 1", "again: 1!", "set: 1!?");
    call.metadata().remove("new");
    sent("old", "2");
    assertThat(
            rewritten(
                new Rewrite(
                    Map.of("seen", "{meta:new}"), Map.of(), List.of("new"), Map.of("old", "new"))))
        .contains("seen: ")
        .doesNotContain("new: 2");
  }

  @Test
  void everyKindOfMetadataIsRewrittenInItsHook() {
    Filter filter =
        filter(
            set("k", "request"),
            set("k", "persistent"),
            set("k", "transient"),
            set("k", "response to {caller}"),
            set("k", "trailer"));
    Outcome outcome = TestFilters.outcome(call, Status.OK);
    assertThat(filter.onRequest(call)).isSameAs(Step.NEXT);
    assertThat(lines(call.responseMetadata())).isEmpty();
    assertThat(filter.onResponse(call)).isSameAs(Step.NEXT);
    assertThat(lines(outcome.trailers())).isEmpty();
    assertThat(filter.onEnd(call, outcome)).isSameAs(Step.NEXT);
    assertThat(lines(call.metadata())).containsExactly("k: request");
    assertThat(lines(call.persistent())).containsExactly("K: persistent");
    assertThat(lines(call.transients())).containsExactly("K: transient");
    assertThat(lines(call.responseMetadata())).containsExactly("k: response to web");
    assertThat(lines(outcome.trailers())).containsExactly("k: trailer");
  }

  @Test
  void onlyTheHooksOfTheDirectionThatIsRewrittenAreThere() throws NoSuchMethodException {
    for (Filter filter :
        List.of(
            filter(set("a", "b")),
            filter(NOTHING, set("a", "b"), NOTHING, NOTHING, NOTHING),
            filter(NOTHING, NOTHING, set("a", "b"), NOTHING, NOTHING))) {
      assertThat(overrides(filter, "onRequest", Call.class)).isTrue();
      assertThat(overrides(filter, "onResponse", Call.class)).isFalse();
      assertThat(overrides(filter, "onEnd", Call.class, Outcome.class)).isFalse();
    }
    for (Filter filter :
        List.of(
            filter(NOTHING, NOTHING, NOTHING, set("a", "b"), NOTHING),
            filter(NOTHING, NOTHING, NOTHING, NOTHING, set("a", "b")))) {
      assertThat(overrides(filter, "onRequest", Call.class)).isFalse();
      assertThat(overrides(filter, "onResponse", Call.class)).isTrue();
      assertThat(overrides(filter, "onEnd", Call.class, Outcome.class)).isTrue();
    }
  }

  @Test
  void aHostileValueNeverPassesForTheGatewaysOwn() {
    call = Request.by(Protocol.GRPC).from("evil\r\nx-admin: yes").toCall();
    sent("x-caller", "forged");
    sent("bad", "a\u0000b");
    sent("bad", "fine");
    Rewrite rewrite =
        new Rewrite(
            Map.of("x-caller", "{caller}"),
            Map.of("x-more", "{caller}"),
            List.of(),
            Map.of("bad", "good"));
    assertThat(rewritten(rewrite)).containsExactly("good: fine");
  }

  @Test
  void aTooLongValueIsLeftOut() {
    sent("a", "x".repeat(65_535));
    assertThat(rewritten(set("b", "{meta:a}!"))).hasSize(1);
  }

  @Test
  void aKeyOfTheProtocolIsLeftAlone() {
    assertThat(rewritten(set("grpc-status", "0"))).isEmpty();
  }

  @Test
  void settingsThatRewriteNothingAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> filter(NOTHING))
        .withMessage(
            "nothing to rewrite: give request, persistent, transients, response or trailers");
  }

  @Test
  void whatCannotBeUsedIsRefusedWithItsPlace() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> filter(set("a b", "c")))
        .withMessage(
            "request.set.a b: 'a b' cannot be a key; write letters, digits, '-', '_' and '.'");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> filter(new Rewrite(Map.of(), Map.of(), List.of(), Map.of("a", ""))))
        .withMessageStartingWith("request.rename.a: '' cannot be a key");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                filter(
                    NOTHING,
                    NOTHING,
                    NOTHING,
                    NOTHING,
                    new Rewrite(Map.of(), Map.of("a", "b\nc"), List.of(), Map.of())))
        .withMessage("trailers.add.a: the value has a control character");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> filter(NOTHING, set("a", "{foo}"), NOTHING, NOTHING, NOTHING))
        .withMessageStartingWith("persistent.set.a: unknown placeholder {foo}: there are ");
  }

  private static List<String> comesAfter(Rewrite request, Rewrite response) {
    return new HeaderRewriteFactory()
        .comesAfter(new HeaderRewriteSettings(request, NOTHING, NOTHING, response, NOTHING));
  }

  @Test
  void whoTellsTheDownstreamAnIdentityComesAfterThoseWhoFindIt() {
    Rewrite told = set("x-user", "user {identity}");
    assertThat(comesAfter(told, NOTHING)).containsExactly("key-auth", "jwt-auth");
    assertThat(comesAfter(set("x-user", "{{{identity}"), NOTHING)).hasSize(2);
    assertThat(comesAfter(set("x-user", "{{identity}}"), told)).isEmpty();
  }
}
