package mesh.daemon.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import mesh.core.Snapshot;
import mesh.core.demand.AssignReason;
import mesh.core.demand.Task;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.member.Announcement;
import mesh.core.member.Carried;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Served;
import mesh.core.member.Profile.Skill;
import mesh.core.route.Host;
import mesh.core.route.RouteReason;
import mesh.core.route.RouteTable;
import mesh.core.route.Routes;
import mesh.daemon.api.Models;
import mesh.daemon.api.Models.Answer;
import mesh.daemon.api.Models.Wish;
import mesh.daemon.blob.Copies;
import mesh.daemon.edge.Course;
import mesh.daemon.edge.EdgeLoops;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.fetch.Network;
import mesh.daemon.fetch.Patience;
import mesh.daemon.models.Catalog;
import mesh.daemon.models.Downloads;
import mesh.daemon.models.Hub;
import mesh.daemon.models.ModelStore;
import mesh.daemon.process.Children;
import mesh.daemon.process.Confinement;
import mesh.daemon.process.LoopbackPorts;
import mesh.daemon.serve.Drafts;
import mesh.daemon.serve.EngineRoom;
import mesh.daemon.serve.Limits;
import mesh.daemon.serve.LocalModels;
import mesh.daemon.split.Splits;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node that runs nothing itself makes of what others say. */
class MeshModelsTest {
    private static final NodeId SELF = node(1);
    private static final NodeId ATTIC = node(2);
    private static final NodeId CELLAR = node(3);

    @TempDir
    Path folder;

    private final EdgeLoops loops = EdgeLoops.start(1);
    private final List<ModelRef> asked = new ArrayList<>();
    private Optional<Snapshot> snapshot = Optional.empty();
    private boolean knowsAll = true;

    @SuppressWarnings("NullAway.Init")
    private MeshModels models;

    @BeforeEach
    void make() throws Exception {
        var store = new ModelStore(
                Files.createDirectories(folder.resolve("models")),
                Catalog::bundled,
                new Hub(URI.create("http://localhost:1")));
        var network = Network.of(Map.of(), URI.create("http://localhost:1"), 0, Patience.USUAL);
        var children = new Children(
                Files.createDirectories(folder.resolve("run")), Files.createDirectories(folder.resolve("log")));
        var ports = new LoopbackPorts();
        var parts = new LocalModels.Parts(
                store,
                new Downloads(store, network, true, new Copies(store, name -> false, 0)),
                new EngineRoom(Optional.of(folder), new EngineShelf(folder.resolve("engine")), true, line -> {}),
                children,
                ports,
                loops,
                new Splits(children, ports, new Confinement(folder)),
                line -> {});
        var limits = new Limits(1 << 30, 1, OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
        models = new MeshModels(
                () -> snapshot,
                new LocalModels(parts, limits, LocalModels.Sharing.AS_NEEDED, Drafts.Wish.NONE),
                "self",
                () -> knowsAll,
                (node, found) -> found.accept(Optional.empty()),
                node -> 0,
                asked::add);
    }

    @AfterEach
    void close() {
        loops.close();
    }

    @Test
    void unknownNameMayStillBeSomebodysUntilTheMeshWasHeardOf() {
        knowsAll = false;
        Answer early = models.find(Wish.of("qwen"));
        knowsAll = true;
        hear(Map.of(), peer(ATTIC, "attic", served("qwen3", Phase.READY)));

        assertThat(early).isInstanceOf(Answer.Loading.class);
        assertThat(models.find(Wish.of("qwen"))).isEqualTo(new Answer.Unknown(List.of("qwen3")));
        assertThat(asked).isEmpty();
    }

    @Test
    void modelThatTheMeshWantsAndNobodyRunsIsUnableWithTheReason() {
        hear(Map.of(new ModelRef("big"), RouteReason.WAITING_FOR_MEMORY));

        assertThat(models.find(Wish.of("big")))
                .isInstanceOfSatisfying(
                        Answer.Unable.class, unable -> assertThat(unable.code()).isEqualTo("waiting_for_memory"));
        assertThat(models.list()).singleElement().satisfies(entry -> {
            assertThat(entry.state()).isEqualTo(Models.State.COLD);
            assertThat(entry.detail()).isEqualTo("waiting-for-memory");
        });
    }

    @Test
    void modelOfAPeerIsFoundAndTheRouteSaysHowItAnswers() {
        var split = new Served(
                new ModelRef("large"), Phase.READY, 1, 0, 0, List.of(ATTIC), 8_192, 5, List.of(), false, List.of());
        hear(Map.of(), peer(ATTIC, "attic", served("small", Phase.READY)), peer(CELLAR, "cellar", split));

        assertThat(labels("small"))
                .containsEntry("x-mesh-route", "peer")
                .containsEntry("x-mesh-node", "attic")
                .containsEntry("x-mesh-why", "only-host");
        assertThat(labels("large")).containsEntry("x-mesh-route", "split").containsEntry("x-mesh-node", "cellar");
        assertThat(asked).containsExactly(new ModelRef("small"), new ModelRef("large"));
    }

    @Test
    void listIsReadyWhereAnyHostIsAndNamesThemAll() {
        hear(
                Map.of(),
                peer(ATTIC, "attic", served("m", Phase.LOADING)),
                peer(CELLAR, "cellar", served("m", Phase.READY)));

        assertThat(models.list()).singleElement().satisfies(entry -> {
            assertThat(entry.state()).isEqualTo(Models.State.READY);
            assertThat(entry.hosts()).containsExactlyInAnyOrder("attic", "cellar");
            assertThat(entry.contextTokens()).isEqualTo(4_096);
        });
    }

    @Test
    void targetIsANameOrTheBeginningOfAnIdAndNeverAGuess() {
        hear(Map.of(), peer(ATTIC, "twin", served("m", Phase.READY)), peer(CELLAR, "twin", served("m", Phase.READY)));

        assertThat(to("twin"))
                .isInstanceOfSatisfying(
                        Answer.Unfit.class, unfit -> assertThat(unfit.code()).isEqualTo("target_ambiguous"));
        assertThat(to("nobody"))
                .isInstanceOfSatisfying(
                        Answer.Unfit.class, unfit -> assertThat(unfit.code()).isEqualTo("target_unknown"));
        assertThat(to(CELLAR.hex().substring(0, 12))).isInstanceOf(Answer.Ready.class);
        assertThat(to(CELLAR.hex().substring(0, 4))).isInstanceOf(Answer.Unfit.class);
    }

    @Test
    void nameThatCannotStandInAHeaderIsLeftOut() {
        hear(
                Map.of(),
                peer(ATTIC, "a\r\nx-evil: 1é", served("m", Phase.READY)),
                peer(CELLAR, "\n", served("n", Phase.READY)));

        assertThat(labels("m")).containsEntry("x-mesh-node", "ax-evil: 1");
        assertThat(labels("n")).containsEntry("x-mesh-node", CELLAR.toString());
    }

    @Test
    void peerIsNeverSentOnToAThirdNode() {
        hear(Map.of(), peer(ATTIC, "attic", served("m", Phase.READY)));

        assertThat(models.here("m", CELLAR.hex())).isEmpty();
    }

    @Test
    void requestForAModelWhoseHostDiedWaitsAndGoesToTheNextOne() {
        hear(Map.of(), peer(ATTIC, "attic", served("m", Phase.READY)));
        hear(Map.of());

        var course = ((Answer.Ready) models.find(Wish.of("m"))).course();
        var step = course.next();
        var woken = new AtomicInteger();
        var seat = course.await(woken::incrementAndGet);
        hear(Map.of(), peer(CELLAR, "cellar", served("m", Phase.READY)));

        assertThat(step).isInstanceOfSatisfying(Course.Step.Wait.class, wait -> {
            assertThat(wait.why()).isEqualTo("host-lost");
            assertThat(wait.refusal().status()).isEqualTo(503);
            assertThat(wait.refusal().code()).isEqualTo("host_lost");
        });
        assertThat(seat).isPresent();
        assertThat(woken).hasPositiveValue();
        assertThat(((Course.Step.Go) course.next()).leg().labels())
                .containsEntry("x-mesh-node", "cellar")
                .containsEntry("x-mesh-why", "awaited");
    }

    @Test
    void modelThatItsHostStoppedIsUnknownAtOnceAndOneThatOnlyLoadsIsSaidToLoad() {
        hear(Map.of(), peer(ATTIC, "attic", served("m", Phase.READY)));
        hear(Map.of(), peer(ATTIC, "attic", served("n", Phase.LOADING)));

        assertThat(models.find(Wish.of("m"))).isInstanceOf(Answer.Unknown.class);
        assertThat(models.find(Wish.of("n"))).isInstanceOf(Answer.Loading.class);
    }

    @Test
    void hostThatFailedIsAskedOnceMoreAfterAWhileAndThenTheRequestIsSpent() {
        hear(Map.of(), peer(ATTIC, "attic", served("m", Phase.READY)));
        var course = ((Answer.Ready) models.find(Wish.of("m"))).course();

        ((Course.Step.Go) course.next()).leg().ended(Routes.Ending.HOST_FAILED);
        var wait = (Course.Step.Wait) course.next();
        long deadline = System.nanoTime() + 10_000_000_000L;
        Course.Step again = course.next();
        while (!(again instanceof Course.Step.Go) && System.nanoTime() < deadline) again = course.next();
        ((Course.Step.Go) again).leg().ended(Routes.Ending.HOST_FAILED);

        assertThat(wait.why()).isEqualTo("already-tried");
        assertThat(course.next()).isInstanceOf(Course.Step.Spent.class);
    }

    @Test
    void noMoreRequestsWaitForALostHostThanItsQueueWouldHold() {
        hear(Map.of(), peer(ATTIC, "attic", served("m", Phase.READY)));
        hear(Map.of());
        var course = ((Answer.Ready) models.find(Wish.of("m"))).course();

        int seats = 0;
        while (course.await(() -> {}).isPresent()) seats++;

        assertThat(seats).isEqualTo(4 * 8);
        assertThat(models.waiting()).isEqualTo(4 * 8);
    }

    @Test
    void picturesGoToAModelThatSeesAndToNoOther() {
        hear(
                Map.of(),
                peer(ATTIC, "attic", served("blind", Skill.CHAT)),
                peer(CELLAR, "cellar", served("eyes", Skill.CHAT, Skill.VISION)));

        assertThat(labels(seeing("auto"))).containsEntry("x-mesh-model", "eyes");
        assertThat(labels(seeing("eyes"))).containsEntry("x-mesh-model", "eyes");
        assertThat(models.find(seeing("blind")))
                .isEqualTo(new Answer.Unfit(
                        "messages", "images_unsupported", "the model 'blind' takes no images; these do: eyes"));
        assertThat(models.find(Wish.of("blind"))).isInstanceOf(Answer.Ready.class);
        assertThat(models.list())
                .extracting(Models.Entry::skillWords)
                .containsExactly(List.of("chat"), List.of("chat", "vision"));
    }

    @Test
    void meshWithoutEyesSaysSo() {
        hear(Map.of(), peer(ATTIC, "attic", served("blind", Skill.CHAT)));

        assertThat(models.find(seeing("")))
                .isEqualTo(new Answer.Unfit("messages", "images_unsupported", "no model of this mesh takes images"));
    }

    private static Wish seeing(String model) {
        return new Wish(model, List.of(Skill.VISION), "", 0, Optional.empty(), List.of());
    }

    private Answer to(String target) {
        return models.find(new Wish("m", List.of(), "", 0, Optional.of(target), List.of()));
    }

    private Map<String, String> labels(String model) {
        return labels(Wish.of(model));
    }

    private Map<String, String> labels(Wish wish) {
        var ready = (Answer.Ready) models.find(wish);
        return ((Course.Step.Go) ready.course().next()).leg().labels();
    }

    private void hear(Map<ModelRef, RouteReason> absent, Member... peers) {
        var hosts = new ArrayList<Host>();
        for (Member peer : peers)
            for (Served row : peer.profile().served()) hosts.add(new Host(peer.id(), row, 1, false, false));
        snapshot = Optional.of(new Snapshot(
                SELF,
                profile("self"),
                List.of(peers),
                RouteTable.of(SELF, hosts, absent),
                new TreeMap<>(),
                new Task.Stay(AssignReason.NOTHING_WANTED)));
        models.changed(snapshot.get());
    }

    private static Member peer(NodeId id, String name, Served... served) {
        var said = new Announcement(id, 1, 1, profile(name, served), new Carried(new byte[1], new byte[64]));
        return new Member(id, Member.State.ALIVE, said, 0, 1);
    }

    private static Served served(String model, Phase phase) {
        return new Served(new ModelRef(model), phase, 4, 0, 0, List.of(), 4_096, 1, List.of(), false, List.of());
    }

    private static Served served(String model, Skill... skills) {
        return new Served(
                new ModelRef(model), Phase.READY, 4, 0, 0, List.of(), 4_096, 1, List.of(skills), false, List.of());
    }

    private static Profile profile(String name, Served... served) {
        return new Profile(
                name,
                served.length == 0 ? Profile.Role.STANDBY : Profile.Role.HOST,
                0,
                0,
                List.of(served),
                List.of(),
                List.of(),
                List.of(),
                Profile.Engine.NONE,
                List.of(),
                List.of(),
                List.of(),
                false,
                0);
    }

    private static NodeId node(int number) {
        var key = new byte[NodeId.BYTES];
        java.util.Arrays.fill(key, (byte) number);
        return NodeId.of(key);
    }
}
