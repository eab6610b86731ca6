package io.sluice.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** Who is cut when memory is short. */
class BudgetTest {
  private static final int MIB = 1 << 20;

  private final Budget budget = new Budget(10 * MIB);
  private final List<Runnable> elsewhere = new ArrayList<>();
  private final List<String> cut = new ArrayList<>();

  /** A connection on another loop, which comes to its work when the test says. */
  private Budget.Share share(String name) {
    Executor loop = elsewhere::add;
    return budget.share(loop, () -> cut.add(name));
  }

  private void othersRun() {
    List<Runnable> due = new ArrayList<>(elsewhere);
    elsewhere.clear();
    due.forEach(Runnable::run);
  }

  @Test
  void theLargestIsCutAndNotWhoAsks() {
    Budget.Share large = share("large");
    Budget.Share larger = share("larger");
    Budget.Share small = share("small");
    assertThat(large.holds(4 * MIB)).isTrue();
    assertThat(larger.holds(5 * MIB)).isTrue();
    assertThat(small.holds(2 * MIB)).isTrue();
    othersRun();
    assertThat(cut).containsExactly("larger");
    larger.release();
    assertThat(budget.held()).isEqualTo(6 * MIB);
  }

  @Test
  void theLargestIsCutWhenItAsks() {
    Budget.Share small = share("small");
    Budget.Share large = share("large");
    assertThat(small.holds(MIB)).isTrue();
    assertThat(large.holds(10 * MIB)).isFalse();
    othersRun();
    assertThat(cut).isEmpty();
  }

  @Test
  void whoIsBeingCutIsCutOnceAndCountsAsLeaving() {
    Budget.Share large = share("large");
    Budget.Share next = share("next");
    Budget.Share small = share("small");
    assertThat(large.holds(5 * MIB)).isTrue();
    assertThat(next.holds(4 * MIB)).isTrue();
    assertThat(small.holds(2 * MIB)).isTrue();
    assertThat(small.holds(2 * MIB + 1000)).isTrue();
    assertThat(small.holds(2 * MIB + 2000)).isTrue();
    othersRun();
    assertThat(cut).containsExactly("large");
  }

  @Test
  void nobodyGetsFarBeyondTheLimitWhileTheLargestStillHolds() {
    Budget.Share large = share("large");
    Budget.Share small = share("small");
    assertThat(large.holds(10 * MIB)).isTrue();
    assertThat(small.holds(2 * MIB)).isTrue();
    assertThat(small.holds(3 * MIB)).isFalse();
  }

  @Test
  void whoHasLetGoMeanwhileIsNotCut() {
    Budget.Share large = share("large");
    Budget.Share small = share("small");
    large.holds(9 * MIB);
    small.holds(2 * MIB);
    large.release();
    othersRun();
    assertThat(cut).isEmpty();
  }

  @Test
  void nobodyIsCutWhenThereIsRoomAgain() {
    Budget.Share large = share("large");
    large.holds(9 * MIB);
    share("small").holds(2 * MIB);
    large.holds(7 * MIB);
    othersRun();
    assertThat(cut).isEmpty();
  }

  @Test
  void whoHasLetGoOfAllButALittleMeanwhileIsNotCut() {
    Budget.Share large = share("large");
    large.holds(9 * MIB);
    share("small").holds(2 * MIB);
    large.holds(10_000);
    assertThat(share("third").holds(9 * MIB)).as("memory is short still").isFalse();
    othersRun();
    assertThat(cut).isEmpty();
  }

  @Test
  void whoeverIsTheLargestByThenIsCut() {
    Budget.Share large = share("large");
    Budget.Share small = share("small");
    large.holds(8 * MIB);
    small.holds(3 * MIB);
    large.holds(2 * MIB);
    small.holds(9 * MIB);
    othersRun();
    othersRun();
    assertThat(cut).containsExactly("small");
  }

  @Test
  void manySmallOnesAreLeftAlone() {
    List<Budget.Share> small = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      Budget.Share share = share("small");
      small.add(share);
      assertThat(share.holds(16 * 1024)).isTrue();
    }
    othersRun();
    assertThat(cut).isEmpty();
    small.forEach(Budget.Share::release);
    assertThat(budget.held()).isZero();
  }

  @Test
  void whoIsOverHoldsNothingWhateverItSays() {
    Budget.Share over = share("over");
    over.holds(MIB);
    over.release();
    assertThat(over.holds(20 * MIB)).isTrue();
    assertThat(budget.held()).isZero();
  }

  @Test
  void onceMuchIsHeldWhatWaitsKeepsNothingElseAlive() {
    ByteBuf read = Unpooled.buffer(1000).writeZero(1000);
    ByteBuf few = budget.compactUnlessLittle(read.readRetainedSlice(10));
    assertThat(few.unwrap()).isSameAs(read);
    share("large").holds(MIB);
    ByteBuf more = budget.compactUnlessLittle(read.readRetainedSlice(20));
    assertThat(more.readableBytes()).isEqualTo(20);
    assertThat(read.refCnt()).isEqualTo(2);
    ByteBuf most = Budget.compact(read.retainedSlice(0, 900));
    assertThat(most.unwrap()).as("worth no copy").isSameAs(read);
    few.release();
    read.release();
    more.release();
    most.release();
  }
}
