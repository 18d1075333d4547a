package mesh.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import mesh.core.id.Checked;
import mesh.core.id.Credential;
import mesh.core.id.Invite;
import mesh.core.id.Role;
import mesh.daemon.quic.Membership;
import mesh.daemon.store.NodeKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeshFolderTest {
    @TempDir
    private Path path;

    /** The uses of a listing's invites are not counted, and those of others are forgotten with them. */
    @Test
    void founderWhoLetSomebodyInByAnyInviteIsLonelyNoMore() throws Exception {
        MeshFolder folder = MeshFolder.lasting(path);
        Membership founder = folder.open(NodeKey.fresh());
        founder.found();
        assertThat(folder.isOfLonelyFounder()).isTrue();

        var invite =
                (Checked.Good<Invite>) founder.invite(Role.CLIENT, Invite.UNCOUNTED, Duration.ofHours(1), List.of());
        var answers = new LinkedBlockingQueue<Checked<Credential>>();
        founder.admit(NodeKey.fresh().id(), invite.value(), answers::add);

        assertThat(answers.poll(10, TimeUnit.SECONDS)).isInstanceOf(Checked.Good.class);
        assertThat(folder.isOfLonelyFounder()).isFalse();
    }
}
