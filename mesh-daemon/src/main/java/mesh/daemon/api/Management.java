package mesh.daemon.api;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import mesh.core.elect.Explanation;
import mesh.core.member.Member;
import mesh.core.member.Profile;
import mesh.core.member.Profile.Phase;

/**
 * What the management API can ask of the daemon. Called on virtual threads; may block for as long as reading a model's
 * header takes.
 */
public interface Management {
    Status status();

    /** Begins to serve one more model; answers its name. {@code said} is in the user's words. */
    Changed load(String said) throws InterruptedException;

    /** Stops serving a model and returns when its engine is gone. */
    Changed drop(String name) throws InterruptedException;

    /**
     * Makes an invite to this node's mesh.
     *
     * @param role what it makes of its holder; empty: a member that may do all but admit
     * @param uses how many nodes it lets in; 0 = as many as come
     */
    Invited invite(String role, int uses, long seconds);

    /** The invites of this node that have not ended, without their secret text. */
    List<InviteStatus> invites();

    Changed revoke(String invite);

    /** Puts a node out of the mesh; {@code said} is its id, the beginning of it, or its name. */
    Changed expel(String said);

    /** Says goodbye to the mesh, forgets it, and asks the daemon to stop. */
    Changed leave();

    /** Why a model runs where it does, or does not; empty while this node is in no mesh, or for what is no name. */
    Optional<Explanation> explain(String model);

    /** The last relayed requests, newest first: their ways and figures, never any text of theirs. */
    List<Map<String, Object>> requests();

    /** Every model on this machine and in the catalog, and where it fits. Reads the header of every file. */
    List<Map<String, Object>> catalog();

    /** Begins to fetch a model without serving it; {@code said} is in the user's words. */
    Changed download(String said);

    List<DownloadStatus> downloads();

    /** Stops fetching a model and keeps what has come; one that was fetched to be served is no longer wanted. */
    Changed pause(String model) throws InterruptedException;

    /** What joining by this invite would mean; asks nobody. */
    Preview preview(String token);

    /**
     * Goes over to the mesh of an invite, and answers when that has happened or cannot.
     *
     * @param leaves whether others may be left for it
     */
    Changed join(String token, boolean leaves) throws InterruptedException;

    /** Asks the daemon to stop; returns at once. */
    void shutdown();

    /** What came of a change. */
    sealed interface Changed {
        record Done(String name) implements Changed {}

        /** {@code code} is stable; {@code isUnknown} says that there is nothing of that name. */
        record Refused(String code, String message, boolean isUnknown) implements Changed {}
    }

    /** What came of asking for an invite. */
    sealed interface Invited {
        record Made(String token, InviteStatus invite) implements Invited {}

        record Refused(String code, String message) implements Invited {}
    }

    /**
     * An invite as lists show it.
     *
     * @param uses how many nodes it may let in; 0 = as many as come
     * @param used how many it has let in
     */
    record InviteStatus(String id, String role, String expires, int uses, int used, String state) {}

    /**
     * The daemon at one moment; rendered as the {@code status} of DESIGN 3.4.
     *
     * @param carried for peers that cannot reach each other: pairs now, and packets and bytes since the start
     * @param refused what peers and strangers did that was not accepted, by reason
     * @param listing empty without {@code --publish}
     */
    record Status(
            String version,
            NodeStatus node,
            String meshId,
            String apiUrl,
            MemoryStatus memory,
            List<ModelStatus> models,
            List<PeerStatus> peers,
            Map<String, Long> requests,
            Map<String, Long> carried,
            Map<String, Long> refused,
            Optional<ListingStatus> listing) {}

    /**
     * How this node lists its mesh.
     *
     * @param name of the mesh; empty without one
     * @param isPublished whether at least one relay was seen to have the listing
     * @param state one word: whether it is listed, and if not, why
     * @param confirmed how many relays were seen to have it
     */
    record ListingStatus(String name, boolean isPublished, String state, long confirmed, List<RelayStatus> relays) {}

    /**
     * A relay it is listed on.
     *
     * @param link where the connection stands
     * @param said its last word to the listing
     * @param restsUntilMillis until when it is left alone; 0 = it is not
     */
    record RelayStatus(String url, String link, String said, long restsUntilMillis) {}

    /**
     * This node in its mesh; everything but the name is empty until it is in one.
     *
     * @param nat what translates its address: {@code none}, {@code steady}, {@code changing}, or {@code unknown}
     */
    record NodeStatus(String id, String name, String role, String address, String nat) {}

    /**
     * Another member.
     *
     * @param rttMillis -1 = not measured yet
     * @param path how it is reached: {@code direct}, {@code relayed}, or empty while no connection is open
     * @param pathKind the same more closely: {@code lan}, {@code public}, {@code punched}, {@code relayed}, or empty
     * @param via who carries the packets of a relayed path
     * @param version of its engine; empty without one
     * @param ageMillis how old what it said of itself is
     */
    record PeerStatus(
            String id,
            String name,
            String state,
            String role,
            double rttMillis,
            String path,
            String pathKind,
            String via,
            long memoryBytes,
            List<String> serving,
            String version,
            long ageMillis) {
        /** What the view of the mesh knows of it, beside how it is reached. */
        public static PeerStatus of(Member peer, double rttMillis, String path, String pathKind, String via) {
            Profile profile = peer.profile();
            return new PeerStatus(
                    peer.id().hex(),
                    profile.name(),
                    peer.state().name().toLowerCase(Locale.ROOT),
                    profile.role().name().toLowerCase(Locale.ROOT),
                    rttMillis,
                    path,
                    pathKind,
                    via,
                    profile.usableBytes(),
                    profile.served().stream()
                            .filter(row -> row.phase() == Phase.READY)
                            .map(row -> row.model().name())
                            .toList(),
                    profile.engine().version(),
                    peer.ageMillis());
        }
    }

    /** {@code source} says where the figure comes from, {@code how} the arithmetic. */
    record MemoryStatus(long totalBytes, long usableBytes, String source, String how, List<DeviceStatus> devices) {
        /** The machine's own memory, as llama.cpp calls it. */
        public static final String MACHINE = "CPU";

        /** A card's driver has not answered yet. */
        public static final MemoryStatus LOOKING =
                new MemoryStatus(0, 0, "looking", "looking at this machine's cards", List.of());

        public MemoryStatus {
            devices = List.copyOf(devices);
        }
    }

    /**
     * A processor whose memory is counted.
     *
     * @param name in llama.cpp's words, as {@code --device} wants it
     * @param usableBytes for models, before {@code --max-vram}
     * @param isForSplits whether a share of a split stands here
     */
    record DeviceStatus(String name, String title, long usableBytes, boolean isForSplits) {}

    /**
     * One model as this node serves it.
     *
     * @param reason stable code of why it stands where it stands
     * @param detail the same for people: progress, or what failed
     * @param ctxTokens per request; 0 = not decided yet
     * @param tensorSplit of a split: this node's units, then its workers'
     */
    record ModelStatus(
            String name,
            String state,
            String reason,
            String detail,
            String mode,
            int ctxTokens,
            int slots,
            long sizeBytes,
            long needBytes,
            List<WorkerStatus> workers,
            List<Integer> tensorSplit,
            Optional<ProgressStatus> progress,
            Optional<DraftStatus> draft) {}

    /**
     * The small model that guesses ahead for a large one.
     *
     * @param stage {@code fetching}, {@code tried}, {@code compared}, {@code kept} or {@code off}
     * @param reason stable code of why it is off; else empty
     * @param milliTokensPerSecond with it; 0 = not measured, as in the next
     * @param judgedAt when callers' answers showed whether it pays, as ISO-8601 has it; empty: they have not yet
     */
    record DraftStatus(
            String name,
            String stage,
            String reason,
            long needBytes,
            int acceptedPercent,
            long milliTokensPerSecond,
            long milliTokensPerSecondPlain,
            String judgedAt) {}

    /**
     * How far something is that can be measured.
     *
     * @param phase {@code fetching}, {@code checking}, {@code loading} or {@code sending}
     * @param totalBytes 0 = nobody knows
     * @param sinceMillis when this phase began
     */
    record ProgressStatus(String phase, long doneBytes, long totalBytes, long sinceMillis) {}

    /**
     * A model that is fetched without being served.
     *
     * @param state {@code running} or {@code failed}; what is done or paused is gone
     * @param reason stable code of a failure
     */
    record DownloadStatus(String model, String state, ProgressStatus progress, String reason, String message) {}

    /** What an invite would make of this node. */
    sealed interface Preview {
        /**
         * @param isMember whether this node is in that mesh already
         * @param isFree whether this node would leave nobody behind
         */
        record Good(
                String meshId,
                String issuer,
                String role,
                String expires,
                int uses,
                List<String> addresses,
                boolean isMember,
                boolean isFree,
                String command)
                implements Preview {}

        record Refused(String code, String message) implements Preview {}
    }

    /**
     * A worker of a split that this node hosts.
     *
     * @param units how many of the model's layers and its output it holds
     * @param rttMillis -1 = not measured
     * @param savedBytes that it had already and that were named instead of sent
     * @param directBytes of these that another worker brought it
     * @param missed payloads that another worker was to bring it and that this node had to
     */
    record WorkerStatus(
            String id,
            String name,
            int units,
            double rttMillis,
            long sentBytes,
            long savedBytes,
            long directBytes,
            long missed,
            long heardBytes) {}
}
