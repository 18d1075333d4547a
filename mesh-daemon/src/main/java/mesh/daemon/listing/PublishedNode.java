package mesh.daemon.listing;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import mesh.core.Snapshot;
import mesh.core.id.Checked;
import mesh.core.id.Invite;
import mesh.core.id.ModelRef;
import mesh.core.id.NodeId;
import mesh.core.id.Role;
import mesh.core.id.Signer;
import mesh.core.listing.Listing;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.daemon.loop.Belonging;

/** What the running node has to say of its mesh, added up over the members it sees. Any thread. */
public final class PublishedNode implements Publication {
    private static final Listing.Entry NO_ENTRY = new Listing.Entry(NodeId.of(new byte[NodeId.BYTES]), "", "", "");

    private final Belonging belonging;
    private final String name;
    private final String region;
    private final int clientsMax;

    public PublishedNode(Belonging belonging, String name, String region, int clientsMax) {
        this.belonging = belonging;
        this.name = name;
        this.region = region;
        this.clientsMax = clientsMax;
    }

    @Override
    public Optional<Facts> facts() {
        Optional<Belonging.View> view = belonging.view();
        Optional<Snapshot> snapshot = belonging.snapshot();
        if (view.isEmpty() || snapshot.isEmpty() || view.get().mesh().isEmpty()) return Optional.empty();
        boolean isAdmin = view.get().role().equals(Optional.of(Role.ADMIN));
        Set<NodeId> live = new HashSet<>();
        for (Member peer : snapshot.get().peers()) live.add(peer.id());
        List<Profile> members = List.copyOf(snapshot.get().view().values());
        List<ModelRef> serving = models(
                members,
                profile -> profile.served().stream()
                        .filter(row -> row.phase() == Profile.Phase.READY)
                        .map(Profile.Served::model));
        List<ModelRef> wanted =
                models(members, profile -> profile.wanted().stream().map(Profile.Wanted::model));
        List<ModelRef> onDisk =
                models(members, profile -> profile.onDisk().stream().map(Profile.OnDisk::model));
        var listing = new Listing(
                view.get().mesh().get(),
                name,
                region,
                Listing.names(serving, Listing.SERVING_MAX),
                (int) serving.stream().distinct().count(),
                Listing.names(wanted, Listing.WANTED_MAX),
                Listing.names(onDisk, Listing.ON_DISK_MAX),
                members.stream().mapToLong(Profile::usableBytes).sum(),
                members.size(),
                belonging.clients(),
                clientsMax,
                Listing.PROTOCOL,
                NO_ENTRY);
        return Optional.of(new Facts(listing, view.get().node(), isAdmin, live));
    }

    private static List<ModelRef> models(List<Profile> members, Function<Profile, Stream<ModelRef>> of) {
        var models = new ArrayList<ModelRef>();
        for (Profile member : members) of.apply(member).forEach(models::add);
        return models;
    }

    @Override
    public Checked<Invite> invite(Role role, Duration lasts) throws IOException {
        return belonging.publicInvite(role, lasts);
    }

    @Override
    public Optional<Signer> signer() {
        return belonging.signer();
    }
}
