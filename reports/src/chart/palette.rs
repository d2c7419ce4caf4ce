//! Which colour, dash and marker stands for what, and the style sheet that says so.
//!
//! A drawing names roles, never colours; so the same drawing is right on a light and on a dark
//! page. Colour is the third way in which two engines differ, after dash and marker: some eyes
//! see only those. Red against green is never used.

use crate::record::{CellRecord, EngineKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Units of a drawing per pixel.
pub(super) const SCALE: i32 = 4;

/// Role of a line that is nobody's: a limit that is demanded.
pub(super) const RULE: &str = "l-rule";
/// Role of a line that was computed or offered, and not measured.
pub(super) const OFFERED: &str = "l-offered";
/// Role of what is noted of a moment.
pub(super) const FAULT: &str = "l-fault";
/// Role of what is hatched.
pub(super) const HATCH: &str = "l-hatch";

/// A colour on a light and on a dark ground.
struct Hue {
    name: &'static str,
    light: &'static str,
    dark: &'static str,
}

/// Contrast is at least 3.1 on light and 7 on dark for the first of each engine and for the
/// rest; the darker and paler variants tell settings of one engine apart.
const HUES: [Hue; 26] = [
    Hue { name: "ink", light: "#1B2330", dark: "#E6EAF0" },
    Hue { name: "muted", light: "#59616E", dark: "#A3ADBB" },
    Hue { name: "neutral", light: "#6B7280", dark: "#9AA4B2" },
    Hue { name: "grid", light: "#E3E6EB", dark: "#262D38" },
    Hue { name: "axis", light: "#9AA1AC", dark: "#5B6675" },
    Hue { name: "paper", light: "#FFFFFF", dark: "#12161C" },
    Hue { name: "pe0", light: "#0072B2", dark: "#56B4E9" },
    Hue { name: "pe1", light: "#00456B", dark: "#A6D8F5" },
    Hue { name: "pe2", light: "#3A7FB5", dark: "#3D9AD6" },
    Hue { name: "mb0", light: "#D55E00", dark: "#F28E2B" },
    Hue { name: "mb1", light: "#8F3F00", dark: "#FFC48A" },
    Hue { name: "mb2", light: "#B5651D", dark: "#D9772B" },
    Hue { name: "fl0", light: "#009E73", dark: "#2BC49A" },
    Hue { name: "ss0", light: "#7820F6", dark: "#B48CFF" },
    Hue { name: "sr0", light: "#4899AB", dark: "#A4F0FF" },
    Hue { name: "sd0", light: "#66174C", dark: "#F7B6D2" },
    Hue { name: "st0", light: "#45340E", dark: "#F0E442" },
    Hue { name: "ot0", light: "#59616E", dark: "#A3ADBB" },
    Hue { name: "fault", light: "#B0588F", dark: "#E5A3C4" },
    Hue { name: "part0", light: "#2E9E82", dark: "#B6EBA4" },
    Hue { name: "part1", light: "#533E59", dark: "#8074A6" },
    Hue { name: "part2", light: "#6C87D9", dark: "#A4EBEB" },
    Hue { name: "part3", light: "#748C2A", dark: "#89A632" },
    Hue { name: "part4", light: "#6F46EB", dark: "#8D41D9" },
    Hue { name: "part5", light: "#2A2A8C", dark: "#EBEB46" },
    Hue { name: "part6", light: "#1B592A", dark: "#227337" },
];

/// Roles of the parts of a whole, side by side in one bar: any two of them differ, also for eyes
/// that see no red or no green, and each stands out from the ground, light or dark.
pub(super) const PARTS: [&str; 7] =
    ["r-part0", "r-part1", "r-part2", "r-part3", "r-part4", "r-part5", "r-part6"];

/// Role of its lines, its marker, and its dash in pixels; "" is solid.
type Variant = (&'static str, Marker, &'static str);

/// How the engines are drawn: by kind, the settings of one kind in their order, each with the hue
/// of its place.
static ENGINES: [([&str; 4], [Variant; 4]); 8] = [
    (
        ["pe0", "pe1", "pe2", "pe0"],
        [
            ("l-pe0", Marker::Circle, ""),
            ("l-pe1", Marker::Diamond, "1 4"),
            ("l-pe2", Marker::Triangle, "12 3"),
            ("l-pe0d", Marker::Square, "8 3 1 3"),
        ],
    ),
    (
        ["mb0", "mb1", "mb2", "mb0"],
        [
            ("l-mb0", Marker::Square, "6 3"),
            ("l-mb1", Marker::Diamond, "2 2"),
            ("l-mb2", Marker::Circle, "12 4"),
            ("l-mb0d", Marker::Triangle, "6 3 1 3"),
        ],
    ),
    (
        ["fl0"; 4],
        [
            ("l-fl0", Marker::Triangle, "10 3"),
            ("l-fl0b", Marker::Diamond, "1 4"),
            ("l-fl0c", Marker::Square, "12 3"),
            ("l-fl0d", Marker::Circle, "2 2"),
        ],
    ),
    (
        ["ss0"; 4],
        [
            ("l-ss0", Marker::Diamond, "4 3"),
            ("l-ss0b", Marker::Circle, "1 4"),
            ("l-ss0c", Marker::Triangle, "12 3"),
            ("l-ss0d", Marker::Square, "2 2"),
        ],
    ),
    (
        ["sr0"; 4],
        [
            ("l-sr0", Marker::Diamond, "8 3 2 3"),
            ("l-sr0b", Marker::Square, "1 4"),
            ("l-sr0c", Marker::Circle, "12 3"),
            ("l-sr0d", Marker::Triangle, "2 2"),
        ],
    ),
    (
        ["sd0"; 4],
        [
            ("l-sd0", Marker::Square, "1 3"),
            ("l-sd0b", Marker::Triangle, "1 4"),
            ("l-sd0c", Marker::Circle, "12 3"),
            ("l-sd0d", Marker::Diamond, "2 2"),
        ],
    ),
    (
        ["st0"; 4],
        [
            ("l-st0", Marker::Circle, "6 3 1 3 1 3"),
            ("l-st0b", Marker::Square, "1 4"),
            ("l-st0c", Marker::Diamond, "12 3"),
            ("l-st0d", Marker::Triangle, "2 2"),
        ],
    ),
    (
        ["ot0"; 4],
        [
            ("l-ot0", Marker::Triangle, "6 3 1 3"),
            ("l-ot0b", Marker::Diamond, "1 4"),
            ("l-ot0c", Marker::Square, "12 3"),
            ("l-ot0d", Marker::Circle, "2 2"),
        ],
    ),
];

/// What a point looks like.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
}

impl Marker {
    fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Square => "square",
            Self::Triangle => "triangle",
            Self::Diamond => "diamond",
        }
    }
}

/// The roles of the lines of a cell's engines, in their order: how each is drawn on every chart.
pub(super) fn identities(cell: &CellRecord) -> Vec<&'static str> {
    identities_of(cell.engines.iter().map(|engine| engine.kind))
}

/// The same of engines of these kinds.
pub(super) fn identities_of(kinds: impl Iterator<Item = EngineKind>) -> Vec<&'static str> {
    let mut seen = [0_usize; ENGINES.len()];
    kinds
        .map(|kind| {
            let kind = of_kind(kind);
            seen[kind] += 1;
            ENGINES[kind].1[(seen[kind] - 1) % 4].0
        })
        .collect()
}

/// How many runs can be told apart on one chart.
pub const RUNS_APART: usize = 4;

/// The role of the lines of an engine of this kind in the run at this place, where several runs
/// lie over each other.
pub(super) fn identity_of_run(kind: EngineKind, run: usize) -> &'static str {
    ENGINES[of_kind(kind)].1[run % RUNS_APART].0
}

const fn of_kind(kind: EngineKind) -> usize {
    match kind {
        EngineKind::PerEvent => 0,
        EngineKind::MicroBatch => 1,
        EngineKind::Flink => 2,
        EngineKind::SparkStructured => 3,
        EngineKind::SparkRealTime => 4,
        EngineKind::SparkDstream => 5,
        EngineKind::Storm => 6,
        EngineKind::Other => 7,
    }
}

/// The marker of an engine's lines; what is no engine's has a dash and none.
pub(super) fn marker(role: &str) -> Option<Marker> {
    variant(role).map(|(_, marker, _)| *marker)
}

/// Whether what lies below a line shows between its dashes.
pub(super) fn is_dashed(role: &str) -> bool {
    variant(role).is_none_or(|(.., dash)| !dash.is_empty())
}

fn variant(role: &str) -> Option<&'static Variant> {
    ENGINES.iter().flat_map(|(_, variants)| variants).find(|(name, ..)| *name == role)
}

/// Role of something else of the same engine: "t" for thin and pale, "o" for thin and plain, "f"
/// for areas and markers, "b" for a wide and nearly transparent area.
pub(super) fn kin(kind: &str, role: &str) -> String {
    role.split_once('-').map_or_else(String::new, |(_, name)| format!("{kind}-{name}"))
}

/// Roles of areas on a ramp from little to much: cividis, which is even for eyes that see no red
/// or no green. The same on light and on dark ground.
pub(super) const CIVIDIS: [&str; 9] =
    ["r-c0", "r-c1", "r-c2", "r-c3", "r-c4", "r-c5", "r-c6", "r-c7", "r-c8"];

/// Roles of areas on a ramp about one: blue below it, vermillion above.
pub(super) const DIVERGING: [&str; 7] = ["r-d0", "r-d1", "r-d2", "r-d3", "r-d4", "r-d5", "r-d6"];

const RAMPS: [(&str, &str, bool); 16] = [
    ("r-c0", "#00224E", true),
    ("r-c1", "#123570", true),
    ("r-c2", "#3B496C", true),
    ("r-c3", "#575D6D", true),
    ("r-c4", "#707173", true),
    ("r-c5", "#8A8678", false),
    ("r-c6", "#A59C74", false),
    ("r-c7", "#C3B369", false),
    ("r-c8", "#FEE838", false),
    ("r-d0", "#0072B2", true),
    ("r-d1", "#5BA3CF", false),
    ("r-d2", "#B3D3E8", false),
    ("r-d3", "#F2F2F2", false),
    ("r-d4", "#F3C9A9", false),
    ("r-d5", "#E39556", false),
    ("r-d6", "#D55E00", false),
];

/// Which of so many steps of a logarithmic ramp a value has; the middle one, where there is no range.
pub(super) fn step(value: f64, (low, high): (f64, f64), steps: usize) -> usize {
    let share = if high > low { (value / low).ln() / (high / low).ln() } else { 0.5 };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to steps")]
    let step = (share.clamp(0.0, 1.0) * steps as f64) as usize;
    step.min(steps - 1)
}

/// Role of a text that is read on an area.
pub(super) fn ink_on(role: &str) -> &'static str {
    match RAMPS.iter().find(|(name, ..)| *name == role) {
        Some((.., true)) => "on-dark",
        Some(_) => "on-light",
        // In the colour of an engine, or of none: as dark on a light page as it is light on a dark one.
        None if role.starts_with("f-") => "f-paper strong",
        None => "ink",
    }
}

/// Rules for every role, for a light page, and for a dark one by the reader's preference. All
/// selectors begin with `.chart`, so that the sheet can stand in a page.
pub(crate) fn style_sheet() -> String {
    let mut css = String::from(
        ".chart{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}\n",
    );
    let px = |size: f64| size * f64::from(SCALE);
    for (role, width) in [
        ("l-grid", 1.0),
        ("l-axis", 1.0),
        ("l-hatch", 1.0),
        ("l-rule", 1.4),
        ("l-ink", 1.4),
        ("l-fault", 1.4),
    ] {
        let _ = writeln!(css, ".chart .{role}{{stroke-width:{}}}", px(width));
    }
    let _ = writeln!(css, ".chart .l-hatch{{opacity:.35}}.chart .b-hatch{{opacity:.10}}");
    let _ = writeln!(
        css,
        ".chart .l-rule{{stroke-dasharray:{} {}}}.chart .l-offered{{stroke-width:{};\
         stroke-dasharray:{} {}}}",
        px(7.0),
        px(4.0),
        px(1.6),
        px(2.0),
        px(3.0)
    );
    let _ = writeln!(css, ".chart .title{{font-weight:650}}.chart .strong{{font-weight:600}}");
    for (role, _, dash) in ENGINES.iter().flat_map(|(_, variants)| variants) {
        let dash: Vec<String> =
            lengths(dash).into_iter().map(|length| px(length).to_string()).collect();
        let dash = if dash.is_empty() {
            String::new()
        } else {
            format!(";stroke-dasharray:{}", dash.join(" "))
        };
        let _ = writeln!(
            css,
            ".chart .{role}{{stroke-width:{};stroke-linejoin:round{dash}}}\
             .chart .{}{{stroke-width:{};opacity:.38{dash}}}\
             .chart .{}{{stroke-width:{}{dash}}}.chart .{}{{opacity:.2}}",
            px(2.2),
            kin("t", role),
            px(1.1),
            kin("o", role),
            px(1.1),
            kin("b", role),
        );
    }
    for (role, colour, _) in RAMPS {
        let _ = writeln!(css, ".chart .{role}{{fill:{colour}}}");
    }
    let _ = writeln!(css, ".chart .on-dark{{fill:#FFFFFF}}.chart .on-light{{fill:#10141A}}");
    css.push_str(&colours(|hue| hue.light));
    let _ = write!(css, "@media (prefers-color-scheme:dark){{\n{}}}\n", colours(|hue| hue.dark));
    // Paper is white whatever the screen is.
    let _ = write!(css, "@media print{{\n{}}}\n", colours(|hue| hue.light));
    css
}

/// How a role looks to a script that draws: its hue's name, its dash in pixels, its marker.
pub(crate) fn roles() -> BTreeMap<String, Role> {
    let mut roles = BTreeMap::new();
    for (hues, variants) in &ENGINES {
        for (hue, (role, marker, dash)) in hues.iter().zip(variants) {
            let marker = Some(marker.name());
            roles.insert((*role).into(), Role { hue: (*hue).into(), dash: lengths(dash), marker });
        }
    }
    for (role, hue, dash) in [
        (RULE, "neutral", "7 4"),
        (OFFERED, "neutral", "2 3"),
        (FAULT, "fault", "2 3"),
        ("l-ink", "ink", ""),
    ] {
        roles.insert(role.into(), Role { hue: hue.into(), dash: lengths(dash), marker: None });
    }
    roles
}

/// A role, for a script.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Role {
    hue: String,
    dash: Vec<f64>,
    marker: Option<&'static str>,
}

fn lengths(dash: &str) -> Vec<f64> {
    dash.split_whitespace().filter_map(|length| length.parse().ok()).collect()
}

/// A custom property per hue, for the page around the charts.
pub(crate) fn variables(dark: bool) -> String {
    HUES.iter().fold(String::new(), |mut css, hue| {
        let _ = write!(css, "--{}:{};", hue.name, if dark { hue.dark } else { hue.light });
        css
    })
}

fn colours(of: impl Fn(&Hue) -> &'static str) -> String {
    let mut css = String::new();
    for hue in &HUES {
        let (name, colour) = (hue.name, of(hue));
        let _ = match name {
            "ink" => {
                writeln!(css, ".chart .ink{{fill:{colour}}}.chart .l-ink{{stroke:{colour}}}")
            }
            "muted" => writeln!(css, ".chart .muted{{fill:{colour}}}"),
            "paper" => writeln!(
                css,
                ".chart .f-paper{{fill:{colour}}}.chart .halo{{stroke:{colour};fill:{colour}}}"
            ),
            part if part.starts_with("part") => {
                writeln!(css, ".chart .r-{part}{{fill:{colour}}}")
            }
            "grid" | "axis" => writeln!(css, ".chart .l-{name}{{stroke:{colour}}}"),
            "neutral" => writeln!(
                css,
                ".chart .l-hatch,.chart .l-rule,.chart .l-offered{{stroke:{colour}}}\
                 .chart .f-neutral,.chart .b-hatch{{fill:{colour}}}"
            ),
            _ => {
                let engines = ENGINES.iter().flat_map(|(hues, variants)| hues.iter().zip(variants));
                let of_hue = engines.filter(|(hue, _)| **hue == name).map(|(_, variant)| variant.0);
                let roles: Vec<&str> = if name == "fault" { vec![FAULT] } else { of_hue.collect() };
                for role in roles {
                    let [t, o, f, b] = ["t", "o", "f", "b"].map(|kind| kin(kind, role));
                    let _ = write!(
                        css,
                        ".chart .{role},.chart .{t},.chart .{o}{{stroke:{colour}}}\
                         .chart .{f},.chart .{b}{{fill:{colour}}}"
                    );
                }
                writeln!(css)
            }
        };
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red, green and blue, linear, from 0 to 1.
    fn linear(colour: &str) -> [f64; 3] {
        let part =
            |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        [1, 3, 5]
            .map(part)
            .map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) })
    }

    fn product(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// As WCAG 2 has it.
    fn contrast(a: &str, b: &str) -> f64 {
        let light = |colour| product([[0.2126, 0.7152, 0.0722]; 3], linear(colour))[0] + 0.05;
        light(a).max(light(b)) / light(a).min(light(b))
    }

    /// Places in CIELAB: as most see it, and as eyes without red or without green do (Machado,
    /// Oliveira and Fernandes 2009).
    fn seen(colour: &str) -> [[f64; 3]; 3] {
        let eyes = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ];
        eyes.map(|eye| {
            let rgb = product(eye, linear(colour)).map(|c| c.clamp(0.0, 1.0));
            let xyz =
                [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
            let xyz = product(xyz, rgb);
            let [x, y, z] = [xyz[0] / 0.95047, xyz[1], xyz[2] / 1.08883]
                .map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
            [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
        })
    }

    /// How far apart two colours are for the eyes that see them most alike.
    fn apart(a: &str, b: &str) -> f64 {
        let each = seen(a).into_iter().zip(seen(b));
        let each = each.map(|(a, b)| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>());
        each.fold(f64::MAX, f64::min).sqrt()
    }

    #[test]
    fn engines_are_told_apart_on_light_and_on_dark() {
        let hue = |name: &str| HUES.iter().find(|hue| hue.name == name).unwrap();
        let paper = hue("paper");
        let light: fn(&Hue) -> &'static str = |hue| hue.light;
        let dark: fn(&Hue) -> &'static str = |hue| hue.dark;
        for (of, on_ground, least) in [(light, 3.1, 25.0), (dark, 7.0, 13.0)] {
            let named =
                ENGINES.map(|(hues, _)| hue(hues[0])).into_iter().filter(|it| it.name != "ot0");
            let named: Vec<&Hue> = named.collect();
            for (n, one) in named.iter().enumerate() {
                let ground = contrast(of(one), of(paper));
                assert!(ground >= on_ground, "{} on its ground: {ground:.2}", one.name);
                for other in &named[..n] {
                    let far = apart(of(one), of(other));
                    assert!(far > least, "{} and {}: {far:.1}", one.name, other.name);
                }
            }
        }
    }

    #[test]
    fn an_engine_looks_the_same_whoever_runs_beside_it() {
        use EngineKind::{Flink, MicroBatch, SparkStructured, Storm};
        let roles = |kinds: &[EngineKind]| identities_of(kinds.iter().copied());
        assert_eq!(roles(&[Flink, SparkStructured]), ["l-fl0", "l-ss0"]);
        assert_eq!(roles(&[SparkStructured, MicroBatch, Flink]), ["l-ss0", "l-mb0", "l-fl0"]);
        // Two settings of one are of its colour.
        assert_eq!(roles(&[Flink, Storm, Flink]), ["l-fl0", "l-st0", "l-fl0b"]);
        let mut firsts: Vec<_> = ENGINES.iter().map(|(_, v)| (v[0].1.name(), v[0].2)).collect();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), ENGINES.len(), "each has a marker and a dash of its own");
    }

    #[test]
    fn parts_of_a_whole_are_told_apart_on_light_and_on_dark() {
        let parts = || HUES.iter().filter(|hue| hue.name.starts_with("part"));
        assert_eq!(parts().count(), PARTS.len());
        let paper = HUES.iter().find(|hue| hue.name == "paper").unwrap();
        for of in [|hue: &Hue| hue.light, |hue: &Hue| hue.dark] {
            for (n, part) in parts().enumerate() {
                let ground = contrast(of(part), of(paper));
                assert!(ground >= 3.0, "{} on its ground: {ground:.2}", part.name);
                for other in parts().take(n) {
                    let least = apart(of(part), of(other));
                    assert!(least > 25.0, "{} and {}: {least:.1}", part.name, other.name);
                }
            }
        }
    }
}
