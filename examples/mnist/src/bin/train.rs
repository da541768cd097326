//! `train`: makes the weights, and the images that show that they work.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use candle_core::{Tensor, safetensors};
use clap::Parser;
use mnist::batch::Batch;
use mnist::digits;
use mnist::model::Net;
use mnist::random::Dice;
use mnist::train::Trainer;
use mnist::weights::Weights;

const WEIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/weights/mnist.safetensors");

/// How many batches of how many generated images tell the accuracy.
const HELD_OUT: (u32, u32) = (20, 250);

/// Trains the digit classifier on generated digits, and writes its weights as half floats
#[derive(Debug, Parser)]
struct Args {
    /// What the digits, the first weights, and the dropout come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of 64 images
    #[arg(long, default_value_t = 2000)]
    steps: u32,
    /// The safetensors file to write
    #[arg(long, value_name = "FILE", default_value = WEIGHTS)]
    output: PathBuf,
    /// Also write ten generated images, 0.png to 9.png, into this folder
    #[arg(long, value_name = "FOLDER")]
    images: Option<PathBuf>,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let parameters = train(&args)?;
    safetensors::save(&parameters, &args.output)
        .with_context(|| format!("cannot write `{}`", args.output.display()))?;
    println!("wrote {}", args.output.display());
    let weights = Weights::read(&args.output)?;
    report_accuracy(&Net::new(weights.parameters())?, &held_out(args.seed))?;
    if let Some(folder) = &args.images {
        write_images(folder, &held_out(args.seed))?;
    }
    Ok(())
}

fn train(args: &Args) -> Result<HashMap<String, Tensor>> {
    let start = Instant::now();
    let mut trainer = Trainer::new(args.steps, args.seed)?;
    for step in 1..=args.steps {
        let loss = trainer.step()?;
        ensure!(loss.is_finite(), "the training diverged; try another seed");
        if step % 100 == 0 || step == args.steps {
            let seconds = start.elapsed().as_secs();
            println!("step {step} of {}: loss {loss:.4}, {seconds} s", args.steps);
        }
    }
    Ok(trainer.parameters()?)
}

/// Digits that the training has not seen.
fn held_out(seed: u64) -> Dice {
    Dice::new(!seed)
}

fn report_accuracy(net: &Net, dice: &Dice) -> Result<()> {
    let (batches, size) = HELD_OUT;
    let mut right = 0;
    for _ in 0..batches {
        right += Batch::generate(size as usize, dice)?.count_right(net)?;
    }
    println!(
        "{right} of {} generated digits right that it was not trained on",
        batches * size
    );
    Ok(())
}

fn write_images(folder: &Path, dice: &Dice) -> Result<()> {
    fs::create_dir_all(folder)?;
    for digit in 0..=9 {
        let file = folder.join(format!("{digit}.png"));
        fs::write(&file, digits::draw(digit, dice).encode()?)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    println!("wrote ten images into {}", folder.display());
    Ok(())
}
