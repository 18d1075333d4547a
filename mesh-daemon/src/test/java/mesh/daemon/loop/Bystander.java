package mesh.daemon.loop;

import java.util.List;
import mesh.core.elect.Part;
import mesh.core.elect.Reason;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile;

/** What a node is, and does, that is only there: it has memory, serves nothing, and whatever it is told it does not. */
final class Bystander implements Orders {
    static Profile profile(String name, List<String> addresses) {
        return new Profile(
                name,
                Profile.Role.STANDBY,
                8L << 30,
                0,
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                Profile.Engine.NONE,
                addresses,
                List.of(),
                List.of(),
                false,
                0);
    }

    @Override
    public void start(ModelRef model, Part part) {}

    @Override
    public void stop(ModelRef model, Reason reason) {}

    @Override
    public void fetch(ModelRef model, String source) {}
}
