package mesh.daemon.engine;

import static org.assertj.core.api.Assertions.assertThat;

import mesh.core.member.Profile.Skill;
import org.junit.jupiter.api.Test;

class EngineSkillsTest {
    @Test
    void skillsAreWhatTheEngineSaysItTakes() {
        assertThat(EngineSkills.parse("{\"modalities\": {\"vision\": true, \"video\": true, \"audio\": false}}"))
                .containsExactly(Skill.CHAT, Skill.VISION);
        assertThat(EngineSkills.parse("{\"modalities\":{\"vision\":false,\"audio\":true}}"))
                .containsExactly(Skill.CHAT, Skill.AUDIO);
    }

    @Test
    void engineThatDoesNotSayOnlyWrites() {
        String template = "{\"chat_template\":\"{\\\"modalities\\\":{\\\"vision\\\":true}}\"}";

        assertThat(EngineSkills.parse("")).containsExactly(Skill.CHAT);
        assertThat(EngineSkills.parse("HTTP/1.1 404 Not Found\r\n\r\n{}")).containsExactly(Skill.CHAT);
        assertThat(EngineSkills.parse(template)).containsExactly(Skill.CHAT);
    }
}
