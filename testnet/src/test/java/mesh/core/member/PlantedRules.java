package mesh.core.member;

/** Membership with one judgement turned wrong, for the tests that show the simulation notices. */
public final class PlantedRules {
    private PlantedRules() {}

    public static Rules oldNewsWins() {
        return new Rules() {
            @Override
            boolean isNews(Announcement held, Announcement heard) {
                return !held.version().equals(heard.version());
            }
        };
    }

    public static Rules theDeadRise() {
        return new Rules() {
            @Override
            boolean mayRise(Rumor verdict, Announcement heard) {
                return true;
            }
        };
    }

    public static Rules theAccusedKeepsSilent() {
        return new Rules() {
            @Override
            boolean defendsItself() {
                return false;
            }
        };
    }

    public static Rules doubtIsAVerdict() {
        return new Rules() {
            @Override
            boolean waits() {
                return false;
            }
        };
    }

    public static Rules noAnswerCounts() {
        return new Rules() {
            @Override
            boolean answers(Doubt doubt, Announcement heard) {
                return false;
            }
        };
    }

    public static Rules doubtOutlivesItsLife() {
        return new Rules() {
            @Override
            boolean isCurrent(Announcement held, Rumor doubt) {
                return true;
            }
        };
    }

    public static Rules oldVerdictsAreBelieved() {
        return new Rules() {
            @Override
            boolean doubtsOldVerdicts() {
                return false;
            }
        };
    }

    public static Rules anySignatureWillDo() {
        return new Rules() {
            @Override
            boolean isGenuine(Voice voice, Rumor rumor) {
                return true;
            }
        };
    }
}
