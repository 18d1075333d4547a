package mesh.daemon;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import mesh.core.id.Invite;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.member.Member;
import mesh.daemon.api.Management;
import mesh.daemon.api.Models;
import mesh.daemon.feed.Sight;
import mesh.daemon.loop.Belonging;
import mesh.daemon.quic.Membership;
import mesh.daemon.quic.Peer;
import mesh.daemon.serve.LocalModels;

/** Reads what the feed shows from the rooms of this node. Any thread; each look is put together anew. */
final class NodeSight {
    private final Management management;
    private final Models mesh;
    private final LocalModels locals;
    private final Belonging belonging;
    private volatile Sight.Home home;

    NodeSight(Config config, Management management, Models mesh, LocalModels locals, Belonging belonging) {
        this.management = management;
        this.mesh = mesh;
        this.locals = locals;
        this.belonging = belonging;
        this.home = new Sight.Home(
                System.currentTimeMillis(),
                config.offline(),
                "",
                config.listing().name());
    }

    /** The console listens; before that nobody could ask. */
    void openedAt(String consoleUrl) {
        home = new Sight.Home(home.startedMillis(), home.isOffline(), consoleUrl, home.meshName());
    }

    Sight look() {
        return new Sight(
                management.status(),
                belonging.snapshot(),
                mesh.list(),
                management.requests(),
                silences(),
                departed(),
                locals.waiting().values().stream().mapToInt(Integer::intValue).sum(),
                belonging.clients(),
                management.downloads(),
                joinCommand(),
                home);
    }

    private Map<String, Long> silences() {
        var silences = new LinkedHashMap<String, Long>();
        for (var snapshot : belonging.snapshot().stream().toList())
            for (Member member : snapshot.peers())
                belonging
                        .path(member.id())
                        .map(Peer.Path::silentMillis)
                        .ifPresent(silent -> silences.put(member.id().hex(), silent));
        return silences;
    }

    private Set<String> departed() {
        return belonging.loop().stream()
                .flatMap(loop -> loop.departed().stream())
                .map(NodeId::hex)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** By the invite that lets the most in for the longest, of those that let a machine do everything but admit. */
    private Optional<String> joinCommand() {
        long now = System.currentTimeMillis();
        Optional<Invite> best = Optional.empty();
        for (Membership.Issued issued : belonging.invites()) {
            Invite.Terms terms = issued.invite().terms();
            boolean hasUses = terms.uses() == Invite.UNCOUNTED || issued.used() < terms.uses();
            if (issued.revoked() || !hasUses || terms.role() != Role.SPLIT || terms.notAfterMillis() < now) continue;
            if (best.isEmpty() || terms.notAfterMillis() > best.get().terms().notAfterMillis())
                best = Optional.of(issued.invite());
        }
        return best.map(invite -> "mesh --join " + invite.token());
    }
}
