//! Mate names: two files in lock step, split from the input at its first NUL.
#![no_main]

use libfuzzer_sys::fuzz_target;
use readseeker::reads::{Alignments, Grouping, Input, Inputs, Mate};
use readseeker_fuzz::{check_letters, crash_on_panics, folder, read, settings};

fuzz_target!(|data: &[u8]| {
    crash_on_panics();
    let folder = folder();
    let mut parts = data.splitn(2, |&byte| byte == 0).chain([&[][..]]);
    let [first, second] = ["1", "2"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, parts.next().unwrap_or_default()).expect("a file can be written");
        path
    });
    let pair = Inputs::Lanes(vec![Input::Pair(first, second)]);
    let mut config = settings(pair, Alignments::Dropped, None);
    config.grouping = Grouping::Templates;
    if let Some((_, templates)) = read(&config) {
        for template in &templates {
            let mates: Vec<Mate> = template.segments.iter().map(|segment| segment.mate).collect();
            assert!(mates.len() < 2 || mates == [Mate::First, Mate::Second], "a pair has both mates");
            let names: Vec<&[u8]> = template.segments.iter().map(|segment| segment.name()).collect();
            assert!(names.windows(2).all(|two| two[0] == two[1]), "mates share a name");
        }
        check_letters(folder.path(), &templates);
    }
});
