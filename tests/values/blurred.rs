//! Values that MessagePack writes alike, wherever they stand in a type.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::is_stored;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Row {
    id: Uuid,
    #[expect(clippy::option_option, reason = "odd types are what is tested")]
    label: Option<Option<String>>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Small(f32),
    Big(f64),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Answer {
    Nothing,
    Found(Score),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Score {
    Unknown,
    #[expect(clippy::option_option, reason = "odd types are what is tested")]
    Known(Option<Option<u8>>),
}

fn row(label: Option<Option<&str>>) -> Row {
    Row {
        id: Uuid::nil(),
        label: label.map(|label| label.map(str::to_owned)),
    }
}

#[test]
fn behind_a_type_that_refuses_values() {
    assert!(!is_stored!(
        "rows",
        Vec<Row>,
        vec![row(None), row(Some(None))]
    ));
    assert!(is_stored!(
        "rows that are not blurred",
        Vec<Row>,
        vec![row(None), row(Some(Some("a")))]
    ));
    assert!(!is_stored!("a row", Option<Row>, Some(row(Some(None)))));
    assert!(!is_stored!(
        "a pair",
        (Uuid, Option<()>),
        (Uuid::nil(), Some(()))
    ));
    assert!(is_stored!(
        "a pair of none",
        (Uuid, Option<()>),
        (Uuid::nil(), None)
    ));
    assert!(!is_stored!(
        "untagged",
        (Uuid, Number),
        (Uuid::nil(), Number::Big(0.5))
    ));
    assert!(is_stored!(
        "untagged and first",
        (Uuid, Number),
        (Uuid::nil(), Number::Small(0.5))
    ));
}

#[test]
fn in_later_variants() {
    assert!(is_stored!("nothing", Answer, Answer::Nothing));
    assert!(is_stored!("unknown", Answer, Answer::Found(Score::Unknown)));
    assert!(is_stored!(
        "known",
        Answer,
        Answer::Found(Score::Known(Some(Some(1))))
    ));
    assert!(!is_stored!(
        "blurred",
        Answer,
        Answer::Found(Score::Known(Some(None)))
    ));
    type Inner = Vec<Result<u8, Score>>;
    assert!(!is_stored!(
        "in an error",
        Inner,
        vec![Ok(1), Err(Score::Known(Some(None)))]
    ));
    assert!(is_stored!(
        "in an error and not blurred",
        Inner,
        vec![Ok(1), Err(Score::Known(None))]
    ));
}

#[test]
fn in_the_last_of_many_variants() {
    macro_rules! many {
        ($($variant:ident)*) => {
            #[derive(Debug, PartialEq, Serialize, Deserialize)]
            enum Many { $($variant,)* Last(Option<()>) }
        };
    }
    many!(A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9
          D0 D1 D2 D3 D4 D5 D6 D7 D8 D9 E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9);
    assert!(!is_stored!("the last", Many, Many::Last(Some(()))));
    assert!(is_stored!("the last of none", Many, Many::Last(None)));
}
