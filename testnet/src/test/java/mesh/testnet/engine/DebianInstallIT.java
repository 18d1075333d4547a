package mesh.testnet.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.TreeMap;
import mesh.daemon.engine.Engine;
import mesh.daemon.engine.EngineInstaller;
import mesh.daemon.engine.EngineInstaller.Outcome;
import mesh.daemon.engine.EngineShelf;
import mesh.daemon.engine.EngineSource;
import mesh.daemon.engine.InstallProgress;
import mesh.daemon.engine.InstallReason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The install from Debian's packages, on the machine as it is: it works, twice, and says why it does not. */
class DebianInstallIT {
    private final TreeMap<String, String> environment = new TreeMap<>(System.getenv());
    private final ArrayList<InstallProgress.Step> steps = new ArrayList<>();

    @TempDir
    Path data;

    @Test
    void packagesBecomeAnEngineWithAWorker() throws Exception {
        var shelf = new EngineShelf(data);
        Outcome first = install(shelf);
        skipWithoutNetwork(first);

        Outcome second = install(shelf);

        Engine engine = ((Outcome.Installed) first).engine();
        assertThat(engine.worker().orElseThrow().version().major()).isGreaterThanOrEqualTo(5);
        assertThat(engine.flags().knows("--parallel")).isTrue();
        assertThat(shelf.current()).contains(engine.folder());
        assertThat(Files.readString(engine.folder().resolve("VERSIONS"))).contains("llama.cpp-tools ", "libc6 ");
        assertThat(((Outcome.Installed) first).fresh()).isTrue();
        assertThat(((Outcome.Installed) second).fresh()).isFalse();
        assertThat(shelf.installs()).containsExactly(engine.folder());
        assertThat(steps).contains(InstallProgress.Step.INDEX, InstallProgress.Step.UNPACK, InstallProgress.Step.CHECK);
    }

    @Test
    void unreachableMirrorIsNamedAsSuch() throws Exception {
        environment.put("MESH_DEBIAN_MIRROR", "http://127.0.0.1:9/debian");

        assertThat(reason(install(new EngineShelf(data))))
                .isIn(InstallReason.MIRROR_UNREACHABLE, InstallReason.NO_APT_GET);
        assertThat(data)
                .isDirectoryNotContaining(
                        entry -> entry.getFileName().toString().startsWith(".work-"));
    }

    @Test
    void missingKeyringIsNamedAsSuch() throws Exception {
        environment.put("MESH_DEBIAN_KEYRING", data.resolve("absent.gpg").toString());

        assertThat(reason(install(new EngineShelf(data)))).isIn(InstallReason.NO_KEYRING, InstallReason.NO_APT_GET);
    }

    @Test
    void wrongKeyringIsRefused() throws Exception {
        skipWithoutNetwork(install(new EngineShelf(data.resolve("probe"))));
        environment.put(
                "MESH_DEBIAN_KEYRING",
                Files.createFile(data.resolve("empty.gpg")).toString());

        assertThat(reason(install(new EngineShelf(data)))).isEqualTo(InstallReason.BAD_SIGNATURE);
    }

    @Test
    void machineWithoutAptIsNamedAsSuch() throws Exception {
        environment.put("PATH", data.toString());

        assertThat(reason(install(new EngineShelf(data)))).isEqualTo(InstallReason.NO_APT_GET);
    }

    private Outcome install(EngineShelf shelf) throws InterruptedException {
        return new EngineInstaller(shelf, false, environment, (step, done, total) -> steps.add(step))
                .install(new EngineSource.Debian(EngineSource.SUITE));
    }

    private static InstallReason reason(Outcome outcome) {
        return assertThat(outcome)
                .asInstanceOf(type(Outcome.Refused.class))
                .actual()
                .reason();
    }

    private static void skipWithoutNetwork(Outcome outcome) {
        if (outcome instanceof Outcome.Refused(InstallReason reason, String message))
            throw RealEngine.missing(reason.code() + " " + message);
    }
}
