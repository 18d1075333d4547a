package mesh.daemon.route;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import mesh.core.id.ModelRef;
import mesh.core.member.Profile.Phase;
import mesh.core.member.Profile.Skill;
import mesh.core.route.Ask;
import mesh.core.route.Host;
import mesh.core.route.RouteTable;
import mesh.daemon.api.Models.Answer;

/** What is told to a caller whose request holds more than the model takes: what that is, and which models take it. Stateless. */
final class Blindness {
    /** As many names as a message has room for. */
    private static final int NAMES_MAX = 5;

    private Blindness() {}

    static Answer.Unfit of(Ask ask, RouteTable table) {
        boolean isForPictures = ask.skills().contains(Skill.VISION);
        String what = isForPictures ? "images" : "audio";
        List<String> able = able(ask, table);
        String hint = able.isEmpty() ? "" : "; these do: " + String.join(", ", able);
        String message = ask.model().equals(Ask.AUTO)
                ? "no model of this mesh takes " + what
                : "the model '" + ask.model() + "' takes no " + what + hint;
        return new Answer.Unfit("messages", what + "_unsupported", message);
    }

    private static List<String> able(Ask ask, RouteTable table) {
        var able = new ArrayList<String>();
        for (Map.Entry<ModelRef, List<Host>> model : table.all().entrySet())
            if (able.size() < NAMES_MAX && model.getValue().stream().anyMatch(host -> isAble(host, ask.skills())))
                able.add(model.getKey().name());
        return able;
    }

    private static boolean isAble(Host host, List<Skill> skills) {
        return host.served().phase() == Phase.READY && host.served().skills().containsAll(skills);
    }
}
