package mesh.daemon.engine;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import mesh.core.member.Profile.Skill;

/** What a llama-server that is ready can be asked for, by its own word. {@link #ask} blocks for two seconds at most. */
public final class EngineSkills {
    /** Far above the longest chat template, which stands there too. */
    private static final int ANSWER_BYTES_MAX = 4 << 20;

    /** Quotes inside the template's text are escaped, so it cannot be mistaken for this. */
    private static final Pattern MODALITIES = Pattern.compile("\"modalities\"\\s*:\\s*\\{([^}]*)}");

    private static final Pattern VISION = Pattern.compile("\"vision\"\\s*:\\s*true");
    private static final Pattern AUDIO = Pattern.compile("\"audio\"\\s*:\\s*true");

    private EngineSkills() {}

    /** Of one that does not say, or is too old to say, only what every language model can. */
    public static List<Skill> ask(InetSocketAddress address, String apiKey) {
        return parse(
                EngineQuestion.ask("/props", address, apiKey, ANSWER_BYTES_MAX).orElse(""));
    }

    static List<Skill> parse(String answer) {
        var skills = new ArrayList<>(List.of(Skill.CHAT));
        Matcher modalities = MODALITIES.matcher(answer);
        if (!modalities.find()) return skills;
        if (VISION.matcher(modalities.group(1)).find()) skills.add(Skill.VISION);
        if (AUDIO.matcher(modalities.group(1)).find()) skills.add(Skill.AUDIO);
        return skills;
    }
}
