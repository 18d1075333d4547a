package mesh.daemon.loop;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import mesh.core.id.NodeId;
import mesh.core.member.Member;
import mesh.daemon.log.Log;
import mesh.daemon.store.AtomicFile;

/**
 * Where the members of the mesh were last reached, kept on disk so that a node finds back without an invite. Disposable:
 * a missing or damaged file means that nobody is known. Blocking; one thread.
 */
final class LastPeers {
    private static final Log log = Log.of(LastPeers.class);

    /** More than one is up with near certainty, and all are dialled at once. */
    private static final int PEERS_MAX = 32;

    private static final JsonMapper JSON = new JsonMapper();

    private final Optional<Path> file;
    private List<Known> latest = List.of();

    /** One member and its addresses, best first. */
    record Known(String node, List<String> addresses) {
        NodeId id() {
            return NodeId.parse(node);
        }
    }

    /** Without a file, nothing outlives this process. */
    LastPeers(Optional<Path> file) {
        this.file = file;
    }

    /** Those that were members last: in this life, or before anybody was met in it, in the one before. */
    List<Known> latest() {
        return latest;
    }

    /** Takes up what the life before left. */
    void read() {
        if (file.isEmpty() || !Files.exists(file.get())) return;
        try {
            List<Known> read = List.of(JSON.readValue(Files.readAllBytes(file.get()), Known[].class));
            for (Known each : read) each.id();
            latest = read;
        } catch (JacksonException | IllegalArgumentException damaged) {
            log.warn(
                    "peers.unreadable",
                    "file",
                    file.get(),
                    "cause",
                    damaged.getClass().getSimpleName());
        } catch (IOException unreadable) {
            log.warn("peers.unreadable", "file", file.get(), "cause", unreadable.toString());
        }
    }

    /** A node that sees nobody keeps what it knew: it will want to find back. */
    void remember(List<Member> members) {
        List<Known> now = members.stream()
                .limit(PEERS_MAX)
                .map(member -> new Known(member.id().hex(), member.profile().addresses()))
                .toList();
        if (now.isEmpty() || now.equals(latest)) return;
        latest = now;
        if (file.isEmpty()) return;
        try {
            AtomicFile.writeRemakeable(
                    file.get(), out -> out.write(java.nio.ByteBuffer.wrap(JSON.writeValueAsBytes(now))));
        } catch (IOException full) {
            log.warn("peers.unwritten", "file", file.get(), "cause", full.toString());
        }
    }
}
